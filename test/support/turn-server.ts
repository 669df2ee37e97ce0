import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { deadline } from "./deadline.ts";
import { freeMediaPorts } from "./free-ports.ts";

const READY_DEADLINE_MS = 10_000;
const RELAY_PORTS = 50;

export interface TurnServer {
	/** `turn:` URIs (RFC 7065) of UDP and of TCP. */
	url: string;
	tcpUrl: string;
	/** With which it checks credentials of limited time. */
	secret: string;
	close(): Promise<void>;
}

/** coturn with a shared secret, as Rostrum wants one, at an address of this machine. */
export async function startTurnServer(address = "127.0.0.1"): Promise<TurnServer> {
	const secret = "secret-of-the-tests";
	const [port, folder] = await Promise.all([freeMediaPorts(), mkdtemp(join(tmpdir(), "rostrum-turn-"))]);
	const child = spawn(
		process.env["TURNSERVER_PATH"] || "turnserver",
		[
			...["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file", "stdout", "--simple-log"],
			...["--listening-ip", address, "--listening-port", String(port), "--relay-ip", address],
			...["--min-port", String(port + 1), "--max-port", String(port + RELAY_PORTS), "--allow-loopback-peers"],
			...["--use-auth-secret", "--static-auth-secret", secret, "--realm", "rostrum"],
			...["--pidfile", join(folder, "pid"), "--userdb", join(folder, "users")],
		],
		{ stdio: ["ignore", "pipe", "ignore"] },
	);
	const exited = once(child, "close");
	async function close(): Promise<void> {
		child.kill("SIGKILL"); // it keeps nothing that an orderly end would save
		await exited.catch(() => {}); // it did not start
		await rm(folder, { recursive: true, force: true });
	}
	const ready = Promise.withResolvers<void>();
	createInterface(child.stdout).on("line", (line) => line.includes("Total General servers") && ready.resolve());
	exited.then(
		() => ready.reject(new Error("turnserver ended at its start")),
		(error) => ready.reject(error),
	);
	try {
		await deadline(ready.promise, READY_DEADLINE_MS, () => "turnserver is not ready");
	} catch (error) {
		await close();
		throw error;
	}
	const uri = `turn:${address}:${port}?transport=`;
	return { url: `${uri}udp`, tcpUrl: `${uri}tcp`, secret, close };
}
