import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/deadline.ts";
import { parseMediaPlaylist } from "../../support/hls/parse-playlist.ts";
import { fetchMultivariant } from "../../support/programme-tap.ts";
import { startRostrumServer } from "../../support/rostrum-server.ts";
import type { FromOrigin, PublishedPart } from "./origin-process.ts";

/** What an audience can watch. */
export interface AudienceTarget {
	/** Of a media playlist. */
	url: URL;
	/** By name, as it grows. */
	published: ReadonlyMap<string, PublishedPart>;
	/** The process that serves it. */
	pid: number;
	/** The processes that make it. */
	programmePids: number[];
	close(): Promise<void>;
}

const SETTLE_MS = 1_000;
/** Until the encoder is warm and the first pages were served. */
const PROGRAMME_SETTLE_MS = 10_000;
const DEADLINE_MS = 30_000;
/** More often than parts leave the playlist. */
const LOOK_MS = 1_000;

export async function startRecordingTarget(bitrate: number): Promise<AudienceTarget> {
	const origin = fork(join(import.meta.dirname, "origin-process.ts"), [String(bitrate)]);
	const published = new Map<string, PublishedPart>();
	const port = Promise.withResolvers<number>();
	origin.on("message", (message: FromOrigin) => {
		if ("port" in message) port.resolve(message.port);
		else published.set(message.name, message);
	});
	origin.once("exit", (code) => port.reject(new Error(`the origin ended with ${code}`)));
	async function close(): Promise<void> {
		const exited = once(origin, "exit");
		origin.kill("SIGKILL");
		await exited;
	}
	const url = new URL(`http://127.0.0.1:${await port.promise}/live/bench/720p/index.m3u8`);
	await delay(SETTLE_MS);
	return { url, published, pid: origin.pid ?? 0, programmePids: [], close };
}

export async function startProgrammeTarget(): Promise<AudienceTarget> {
	const server = await startRostrumServer({ args: ["--demo"] });
	try {
		const id = await eventually(
			() => server.log.map((line) => /\/watch\/([a-z0-9]{12})/.exec(line)?.[1]).find(Boolean),
			DEADLINE_MS,
			() => "no programme",
		);
		const { variants } = await fetchMultivariant(server.baseUrl, id);
		const variant = variants.find(({ height }) => height === 360);
		const url = new URL(variant?.url.replace("//localhost:", "//127.0.0.1:") ?? "");
		await delay(PROGRAMME_SETTLE_MS);
		const published = new Map<string, PublishedPart>();
		const looking = setInterval(() => void look(url, published).catch(() => {}), LOOK_MS);
		const programmePids = (await server.children()).map(({ pid }) => pid);
		async function close(): Promise<void> {
			clearInterval(looking);
			await server.close();
		}
		return { url, published, pid: server.pid, programmePids, close };
	} catch (error) {
		await server.close();
		throw error;
	}
}

/** Notes when the parts that are listed could have been published at the earliest. */
async function look(url: URL, published: Map<string, PublishedPart>): Promise<void> {
	const { segments } = parseMediaPlaylist(await (await fetch(url)).text());
	for (const { startMs, parts } of segments) {
		let endMs = startMs ?? Number.NaN;
		for (const { uri, duration } of parts) {
			endMs += duration * 1000;
			published.set(uri, { name: uri, publishedMs: endMs, sha256: "" });
		}
	}
}
