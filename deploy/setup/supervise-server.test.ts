import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";

/** Stands for server.ts: a process with a child of its own, that tells what reaches it. */
const server = `
	import { spawn } from "node:child_process";
	const [mode] = process.argv.slice(2);
	const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
	const say = (what) => process.stdout.write(JSON.stringify(what) + "\\n");
	process.on("SIGINT", () => say({ signal: "SIGINT" }));
	process.on("SIGTERM", () => {
		say({ signal: "SIGTERM" });
		if (mode !== "stubborn") setTimeout(() => process.exit(5), 300);
	});
	process.on("disconnect", () => process.exit(0));
	child.on("spawn", () => {
		say({ pids: [process.pid, child.pid] });
		if (mode === "crash") process.exit(7);
	});
	setInterval(() => {}, 1000);
`;

let folder: string;
let launcher: ChildProcess | undefined;
let pids: number[] = [];
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "rostrum-supervise-"));
	await writeFile(join(folder, "server.mjs"), server);
});
afterEach(async () => {
	launcher?.kill("SIGKILL");
	for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
	await rm(folder, { recursive: true, force: true });
});

async function launch(mode: string) {
	const supervisor = JSON.stringify(join(import.meta.dirname, "supervise-server.mjs"));
	const code = `
		const { superviseServer } = await import(${supervisor});
		process.exit(await superviseServer(process.execPath, process.argv.slice(1)));
	`;
	const args = ["--input-type=module", "-e", code, join(folder, "server.mjs"), mode];
	const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
	launcher = started;
	const ended = once(started, "exit").then(([exitCode]) => exitCode as number | null);
	const said: { signal?: string }[] = [];
	const lines = createInterface(started.stdout);
	const closed = once(lines, "close");
	await new Promise<void>((resolve) => {
		lines.on("line", (line) => {
			const message = JSON.parse(line) as { pids?: number[]; signal?: string };
			if (message.pids) {
				pids = message.pids;
				resolve();
			} else said.push(message);
		});
	});
	return { started, ended, said: () => closed.then(() => said) };
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

const goneSoon = () => expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);

it("takes two signals at once for one, and ends with the server's code", async () => {
	const { started, ended, said } = await launch("willing");
	started.kill("SIGINT");
	started.kill("SIGTERM"); // not a second SIGINT, which the system could merge with the first
	expect(await ended).toBe(5);
	expect(await said()).toEqual([{ signal: "SIGTERM" }]);
	await goneSoon();
});

it("kills a server that does not end, and what it started, at the second Ctrl-C", async () => {
	const { started, ended } = await launch("stubborn");
	const pressing = setInterval(() => started.kill("SIGINT"), 100);
	expect(await ended).toBe(128 + 9);
	clearInterval(pressing);
	await goneSoon();
});

it("leaves nothing of a server that crashed", async () => {
	const { ended } = await launch("crash");
	expect(await ended).toBe(7);
	await goneSoon();
});

it("lets the server know when it is killed itself", async () => {
	const { started, ended } = await launch("willing");
	started.kill("SIGKILL");
	expect(await ended).toBeNull();
	await expect.poll(() => isAlive(pids[0] ?? 0), { timeout: 20_000 }).toBe(false);
});
