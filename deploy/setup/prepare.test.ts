import { execFile } from "node:child_process";
import { expect, it } from "vitest";

/** Runs `prepare` in a process of its own, which it may end. `steps`: JavaScript of the array. */
function prepareWith(steps: string): Promise<{ code: number; output: string }> {
	const folder = JSON.stringify(import.meta.dirname);
	const code = `
		const { prepare } = await import(${folder} + "/prepare.mjs");
		const { SetupError } = await import(${folder} + "/setup-error.mjs");
		const { runCommand } = await import(${folder} + "/run-command.mjs");
		await prepare(${steps});
		console.log("prepared");
	`;
	return new Promise((resolve) => {
		execFile(process.execPath, ["--input-type=module", "-e", code], (error, stdout, stderr) => {
			resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
		});
	});
}

it("does only what is missing, in order", async () => {
	const { code, output } = await prepareWith(`[
		{ name: "A", check: async () => "there", doing: "a", make: async () => console.log("made A") },
		{ name: "B", check: async () => undefined, doing: "fetching b", make: async () => console.log("made B") },
	]`);
	expect(output).toMatch(/✓ A: there\n {2}… B: fetching b\nmade B\n {2}✓ B: \d+\.\d s\nprepared\n$/);
	expect(output).not.toContain("made A");
	expect(code).toBe(0);
});

it("stops at what fails, with the reason last and what the command printed above it", async () => {
	const { code, output } = await prepareWith(`[
		{ name: "A", check: async () => undefined, doing: "a", make: async () => {
			const { code, output } = await runCommand(process.execPath, ["-e", "console.error('no space'); process.exit(3)"]);
			throw new SetupError("a failed with " + code + ". Type: make space", output);
		} },
		{ name: "B", check: async () => console.log("reached B") },
	]`);
	expect(output).toMatch(/✗ A: failed\n[\s\S]* {4}no space\n[\s\S]* {2}a failed with 3\. Type: make space\n$/);
	expect(output).not.toContain("reached B");
	expect(code).toBe(1);
});

it("says in words what the file system refuses", async () => {
	const { code, output } = await prepareWith(`[{ name: "A", check: async () => {
		throw Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS", path: "/srv/rostrum/build" });
	} }]`);
	expect(output).toContain("/srv/rostrum/build is on a read-only file system.");
	expect(code).toBe(1);
});

it("ends a command under way when interrupted", async () => {
	const { code, output } =
		await prepareWith(`[{ name: "A", check: async () => undefined, doing: "a", make: async () => {
		const endless = "process.on('SIGTERM', () => {}); process.kill(process.ppid, 'SIGINT'); setInterval(() => {}, 1000)";
		const { code } = await runCommand(process.execPath, ["-e", endless]);
		throw new SetupError("ended with " + code);
	} }]`);
	expect(output).toContain("Interrupted.");
	expect(code).toBe(130);
});
