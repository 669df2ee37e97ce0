import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { freeTcpPort } from "../../support/free-ports.ts";
import { JanusSession } from "./janus-session.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const ROOM = 1234;
const MAX_PUBLISHERS = 200;

/** Janus with its videoroom and WebSocket interface, nothing else: no STUN, no TURN, ICE-lite as Rostrum. */
export async function startJanus(): Promise<ServerUnderTest> {
	const directory = await mkdtemp(join(tmpdir(), "janus-bench-"));
	const port = await freeTcpPort();
	await Promise.all([
		linkModule(directory, "plugins", "libjanus_videoroom.so"),
		linkModule(directory, "transports", "libjanus_websockets.so"),
		writeConfiguration(directory, "janus", {
			general: {
				debug_level: "3",
				transports_folder: `"${join(directory, "transports")}"`,
				loggers_folder: `"${join(directory, "none")}"`,
			},
			nat: { ice_lite: "true", full_trickle: "false" },
		}),
		writeConfiguration(directory, "janus.transport.websockets", {
			general: { ws: "true", ws_port: String(port), ws_ip: '"127.0.0.1"' },
		}),
		writeConfiguration(directory, "janus.plugin.videoroom", { general: {} }),
	]);
	const folders = ["config", "plugins", "transports"].map((name) => join(directory, name));
	const child = spawn("janus", ["-F", folders[0] ?? "", "-P", folders[1] ?? "", "--disable-colors"], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	const log: string[] = [];
	let version = "";
	for (const stream of [child.stdout, child.stderr])
		createInterface(stream).on("line", (line) => {
			version ||= /Janus version: \d+ \(([\d.]+)\)/.exec(line)?.[1] ?? "";
			if (/^\[(ERR|FATAL)\]/.test(line)) log.push(line);
		});
	const session = await JanusSession.open(`ws://127.0.0.1:${port}`, () => child.exitCode !== null);
	const owner = await session.attach();
	await session.request(owner, {
		request: "create",
		room: ROOM,
		publishers: MAX_PUBLISHERS,
		videocodec: "vp8",
		bitrate: 0,
	});

	return {
		name: "janus",
		version,
		pid: child.pid ?? 0,
		async publish(participant, client) {
			const handle = await session.attach();
			const offer = { type: "offer", sdp: await client.offer() };
			const body = { request: "joinandconfigure", room: ROOM, ptype: "publisher", id: participant + 1, video: true };
			client.accept((await session.request(handle, body, offer)).jsep?.sdp ?? "");
		},
		async subscribe(_participant, to, client) {
			const handle = await session.attach();
			const streams = to.map((feed) => ({ feed: feed + 1 }));
			const { jsep } = await session.request(handle, { request: "join", room: ROOM, ptype: "subscriber", streams });
			const answer = await client.answer(jsep?.sdp ?? "");
			await session.request(handle, { request: "start" }, { type: "answer", sdp: answer });
		},
		heapBytes: async () => undefined,
		async close() {
			session.close();
			const exited = once(child, "exit");
			child.kill("SIGINT");
			await exited;
			await rm(directory, { recursive: true, force: true });
			if (log.length > 0) process.stderr.write(`Janus had errors:\n${log.slice(0, 10).join("\n")}\n`);
		},
	};
}

async function linkModule(directory: string, kind: string, name: string): Promise<void> {
	const [found] = globSync(`/usr/lib/*/janus/${kind}/${name}`);
	if (!found) throw new Error(`Janus lies somewhere else than in /usr/lib: no ${name}`);
	await mkdir(join(directory, kind));
	await symlink(found, join(directory, kind, basename(found)));
}

async function writeConfiguration(
	directory: string,
	name: string,
	sections: Record<string, Record<string, string>>,
): Promise<void> {
	const folder = join(directory, "config");
	await mkdir(folder, { recursive: true });
	const lines = Object.entries(sections).map(([section, settings]) => {
		const inner = Object.entries(settings).map(([key, value]) => `\t${key} = ${value}`);
		return [`${section}: {`, ...inner, "}"].join("\n");
	});
	await writeFile(join(folder, `${name}.jcfg`), `${lines.join("\n")}\n`);
}
