import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { root } from "./repository-files.ts";

/**
 * `typescript` is TypeScript 6 here, because TypeScript 7 has no API for tools; svelte-check could take that for a reason to
 * find nothing.
 */
const script = join(root, "node_modules/svelte-check/bin/svelte-check");
const options = {
	strict: true,
	noEmit: true,
	module: "esnext",
	moduleResolution: "bundler",
	target: "esnext",
	types: [],
};

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "rostrum-svelte-check-"));
	await symlink(join(root, "node_modules"), join(folder, "node_modules"));
	await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.svelte"] }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function check(component: string): Promise<{ code: number; output: string }> {
	await writeFile(join(folder, "Watched.svelte"), component);
	const args = [script, "--workspace", folder, "--tsconfig", "tsconfig.json", "--output", "human", "--no-color"];
	return new Promise((resolve) => {
		execFile(process.execPath, args, (error, stdout, stderr) => {
			resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
		});
	});
}

it("passes a sound component", async () => {
	const sound = `<script lang="ts">let watching: number = $state(3);</script><button onclick={() => watching++}>{watching}</button>`;
	expect(await check(sound)).toEqual({ code: 0, output: expect.stringContaining("0 errors") });
});

it("reports a wrong type in the script, and one in the markup", async () => {
	const broken = `<script lang="ts">const watching: number = "many";</script><p>{watching.toUpperCase()}</p>`;
	const { code, output } = await check(broken);
	expect(code).toBe(1);
	expect(output).toContain("Type 'string' is not assignable to type 'number'");
	expect(output).toContain("Property 'toUpperCase' does not exist on type 'number'");
});
