import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { deadline } from "./deadline.ts";
import { freeMediaPorts, freeTcpPort } from "./free-ports.ts";
import { descendantsOf, isRunning, type ProcessInfo } from "./processes.ts";
import { RostrumApi } from "./rostrum-api.ts";

const READY_DEADLINE_MS = 30_000;
const EXIT_DEADLINE_MS = 15_000;
const ADMIN_TOKEN = "admin-token-of-the-tests";

export interface RostrumServer {
	readonly baseUrl: string;
	readonly pid: number;
	/** With the rights of the admin. */
	readonly api: RostrumApi;
	readonly adminToken: string;
	readonly dataDir: string;
	readonly mediaPort: number;
	/** Every line of standard output and error so far. */
	readonly log: readonly string[];
	/** Every process it has started and that runs now. */
	children(): Promise<ProcessInfo[]>;
	/** kill -9 of the server alone. Its data directory stays, for one that comes `after` it. */
	kill(): Promise<void>;
	/** Ends it by `signal`. @throws Error when it does not exit with 0 in time or leaves a process behind. */
	close(signal?: "SIGINT" | "SIGTERM"): Promise<void>;
}

/**
 * The real server as a process of its own, with free ports and an empty data directory, or with those of a server that was
 * killed. Resolves when it is ready.
 */
export async function startRostrumServer({
	args = [],
	environment = {},
	after,
}: {
	args?: string[];
	environment?: Record<string, string>;
	after?: RostrumServer;
} = {}): Promise<RostrumServer> {
	const [port, mediaPort, dataDir] = after
		? [Number(new URL(after.baseUrl).port), after.mediaPort, after.dataDir]
		: await Promise.all([freeTcpPort(), freeMediaPorts(), mkdtemp(join(tmpdir(), "rostrum-test-"))]);
	const child = spawn(process.execPath, ["server.ts", ...args], {
		cwd: join(import.meta.dirname, "../.."),
		env: {
			PATH: process.env["PATH"],
			PORT: String(port),
			MEDIA_PORT: String(mediaPort),
			DATA_DIR: dataDir,
			ADMIN_TOKEN,
			// Not what the machine could do: tests of the server shall cost the same everywhere, and little.
			LADDER: "720,360",
			...environment,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	const log: string[] = [];
	for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => log.push(line));
	const exited = once(child, "exit");
	const baseUrl = `http://localhost:${port}`;
	const pid = child.pid ?? 0;

	async function close(signal: "SIGINT" | "SIGTERM" = "SIGTERM"): Promise<void> {
		const children = await descendantsOf(pid);
		try {
			child.kill(signal);
			const [code] = await deadline(exited, EXIT_DEADLINE_MS, () => `no exit after ${signal}\n${lastLines(log)}`);
			if (code !== 0) throw new Error(`the server exited with ${code}\n${lastLines(log)}`);
			const left = children.filter((info) => isRunning(info.pid));
			if (left.length > 0) throw new Error(`the server left ${left.map(({ command }) => command).join("; ")}`);
		} finally {
			for (const info of [{ pid }, ...children]) if (isRunning(info.pid)) process.kill(info.pid, "SIGKILL");
			await rm(dataDir, { recursive: true, force: true });
		}
	}

	const server: RostrumServer = {
		baseUrl,
		pid,
		adminToken: ADMIN_TOKEN,
		dataDir,
		mediaPort,
		api: new RostrumApi(baseUrl, ADMIN_TOKEN),
		log,
		children: () => descendantsOf(pid),
		async kill() {
			child.kill("SIGKILL");
			await exited;
		},
		close,
	};
	await deadline(untilReady(baseUrl, child), READY_DEADLINE_MS, () => `not ready\n${lastLines(log)}`).catch(
		async (error) => {
			await close().catch(() => {}); // the first error tells more
			throw error;
		},
	);
	return server;
}

async function untilReady(baseUrl: string, child: ChildProcess): Promise<void> {
	while (child.exitCode === null) {
		const ready = await fetch(`${baseUrl}/readyz`).catch(() => undefined); // it does not listen yet
		if (ready?.ok) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`the server exited with ${child.exitCode} at its start`);
}

function lastLines(log: string[]): string {
	return log.slice(-30).join("\n");
}
