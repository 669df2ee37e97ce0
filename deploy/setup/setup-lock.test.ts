import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { takeSetupLock } from "./setup-lock.mjs";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "rostrum-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const alone = { isInterrupted: () => false, onWait: () => {} };

it("lets the second wait until the first is done", async () => {
	const path = join(folder, "lock");
	const unlock = await takeSetupLock(path, alone);
	let waitsFor = 0;
	let taken = false;
	const told = Promise.withResolvers<void>();
	const second = takeSetupLock(path, {
		isInterrupted: () => false,
		onWait(pid) {
			waitsFor = pid;
			told.resolve();
		},
	}).then((release) => {
		taken = true;
		return release;
	});
	await told.promise;
	expect([waitsFor, taken]).toEqual([process.pid, false]);
	await unlock();
	await (await second)();
	await expect(readFile(path)).rejects.toThrow("ENOENT");
});

it.each([
	["that was killed", `${2 ** 22 + 1}\n`], // above Linux's highest pid
	["that was killed before it wrote its pid", ""],
])("takes over the lock of a start %s", async (_which, content) => {
	const path = join(folder, "lock");
	await writeFile(path, content);
	await takeSetupLock(path, alone);
	expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
});

it("gives up waiting when interrupted", async () => {
	const path = join(folder, "lock");
	await takeSetupLock(path, alone);
	await expect(takeSetupLock(path, { ...alone, isInterrupted: () => true })).rejects.toThrow("interrupted");
});
