import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSecrets } from "./secrets.ts";

let dataDir: string;
beforeEach(async () => {
	dataDir = join(await mkdtemp(join(tmpdir(), "rostrum-secrets-")), "data");
});
afterEach(() => rm(join(dataDir, ".."), { recursive: true }));

test("secrets are drawn once, kept, and readable by their owner alone", async () => {
	const first = await loadSecrets(dataDir, undefined);
	expect(first.adminTokenIsNew).toBe(true);
	expect(first.adminToken.length).toBeGreaterThanOrEqual(32);
	expect(first.tokenSecret.length).toBeGreaterThanOrEqual(32);
	expect(await loadSecrets(dataDir, undefined)).toEqual({ ...first, adminTokenIsNew: false });
	for (const name of ["admin-token", "token-secret"])
		expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
});

test("an admin token that is given is taken, and not kept", async () => {
	const { adminToken, adminTokenIsNew } = await loadSecrets(dataDir, "given by the owner");
	expect([adminToken, adminTokenIsNew]).toEqual(["given by the owner", false]);
	expect((await loadSecrets(dataDir, undefined)).adminToken).not.toBe("given by the owner");
});

test("a file that was cut short is no secret", async () => {
	const { tokenSecret } = await loadSecrets(dataDir, undefined);
	await writeFile(join(dataDir, "token-secret"), "\n");
	expect((await loadSecrets(dataDir, undefined)).tokenSecret).not.toEqual(tokenSecret);
});
