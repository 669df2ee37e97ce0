import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./deadline.ts";
import { freeTcpPort } from "./free-ports.ts";

const READY_DEADLINE_MS = 30_000;

export type EdgeKind = "varnish" | "nginx";

export interface EdgeServer {
	/** `http://…`, without a slash at the end. */
	readonly baseUrl: string;
	/** Of the process that leads the others. */
	readonly pid: number;
	/** Its own folder. */
	readonly state: string;
	close(): Promise<void>;
}

/** Runs a script of deploy/edge as its users do, before the server at `origin` (host:port). Resolves when it listens. */
export async function startEdgeServer(
	kind: EdgeKind,
	origin: string,
	script = join(import.meta.dirname, `../../deploy/edge/${kind}.sh`),
): Promise<EdgeServer> {
	const [port, state] = await Promise.all([freeTcpPort(), mkdtemp(join(tmpdir(), `rostrum-${kind}-`))]);
	// Its processes run as another user.
	await chmod(state, 0o755);
	const child = spawn("sh", [script], {
		env: { PATH: process.env["PATH"], ORIGIN: origin, LISTEN: `127.0.0.1:${port}`, STATE: state },
		stdio: ["ignore", "ignore", "pipe"],
	});
	let said = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		said = (said + text).slice(-10_000);
	});
	const exited = once(child, "close");
	async function close(): Promise<void> {
		child.kill("SIGTERM");
		await exited;
		await rm(state, { recursive: true, force: true });
	}
	try {
		const listens = () => (child.exitCode === null ? canConnect(port) : Promise.reject(new Error("it has ended")));
		await eventually(listens, READY_DEADLINE_MS, () => "it does not listen");
	} catch (error) {
		await close();
		throw new Error(`${kind}: ${said}`, { cause: error });
	}
	return { baseUrl: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, state, close };
}

async function canConnect(port: number): Promise<boolean> {
	const socket = connect({ host: "127.0.0.1", port });
	const { promise, resolve } = Promise.withResolvers<boolean>();
	socket.once("connect", () => resolve(true));
	socket.once("error", () => resolve(false));
	const connected = await promise;
	socket.destroy();
	return connected;
}
