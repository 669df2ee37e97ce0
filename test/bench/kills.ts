/**
 * kill -9 of the encoder, of the programme's process, and of presenters, in random order, while every playlist is read four
 * times a second. Options: --minutes 10, --seed 1. The row says how often each was killed, the longest hole in the
 * programme's time, what went wrong in the playlists (nothing should), and the memory of the server at the start and the
 * end of the kills.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { eventually } from "../support/deadline.ts";
import { type MediaPlaylist, readMediaPlaylist } from "../support/hls-playlist.ts";
import { fetchMultivariant } from "../support/programme-tap.ts";
import { startRostrumServer } from "../support/rostrum-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { killChild } from "./support/kill-child.ts";
import { KillablePresenter } from "./support/killable-presenter.ts";
import { residentBytes } from "./support/process-usage.ts";
import { printRow, round } from "./support/row.ts";

const { values } = parseArgs({
	options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
const POLL_INTERVAL_MS = 250;
const CALM_MS = 20_000;
const KILL_INTERVAL_MS = { least: 3_000, most: 9_000 };
const RECOVERY_MS = 30_000;
const MEBI = 2 ** 20;
const TONES = [400, 700, 1000];

const random = seededRandom(Number(values.seed));
const kills = { encoder: 0, process: 0, presenter: 0 };
const faults: string[] = [];
/** Longest hole in each playlist's programme time, ms. */
let longestHoleMs = 0;
const server = await startRostrumServer({ environment: { LOG_LEVEL: "info" } });
const presenters: KillablePresenter[] = [];
try {
	const { id } = await server.api.createWebinar("Kills");
	await server.api.start(id);
	for (const toneHz of TONES) presenters.push(await KillablePresenter.start(server, id, toneHz));
	const { playlistUrls } = await untilServed(id);
	const watching = new AbortController();
	const watched = playlistUrls.map((url) => watch(url, watching.signal));
	await delay(CALM_MS);
	const before = await memory();
	const endMs = performance.now() + Number(values.minutes) * 60_000;
	while (performance.now() < endMs) {
		await killOne();
		await delay(KILL_INTERVAL_MS.least + random() * (KILL_INTERVAL_MS.most - KILL_INTERVAL_MS.least));
	}
	await delay(CALM_MS);
	const after = await memory();
	watching.abort();
	await Promise.all(watched);
	printRow("kills", {
		minutes: Number(values.minutes),
		...kills,
		longestHoleMs: Math.round(longestHoleMs),
		faults: faults.length === 0 ? "none" : faults.slice(0, 10).join("; "),
		serverMiB: `${before.server} -> ${after.server}`,
		childrenMiB: `${before.children} -> ${after.children}`,
		processes: `${before.processes} -> ${after.processes}`,
	});
} finally {
	for (const presenter of presenters) presenter.kill();
	await server.close();
}

async function untilServed(id: string) {
	return await eventually(
		() => fetchMultivariant(server.baseUrl, id).catch(() => undefined),
		RECOVERY_MS,
		() => "no programme",
	);
}

async function killOne(): Promise<void> {
	const victim = (["encoder", "process", "presenter"] as const)[Math.floor(random() * 3)] ?? "presenter";
	if (victim === "presenter") await presenters[Math.floor(random() * presenters.length)]?.restart(server);
	else await killChild(server, victim);
	kills[victim]++;
}

/** Follows one playlist, and notes what must not be. */
async function watch(url: string, signal: AbortSignal): Promise<void> {
	let last: MediaPlaylist | undefined;
	const name = new URL(url).pathname;
	while (!signal.aborted) {
		const response = await fetch(url).catch((error: unknown) => faults.push(`${name}: ${error}`));
		if (typeof response === "number") break;
		const playlist = readMediaPlaylist(await response.text(), url);
		if (response.status !== 200) faults.push(`${name}: ${response.status}`);
		else {
			compare(name, last, playlist);
			last = playlist;
		}
		await delay(POLL_INTERVAL_MS);
	}
}

function compare(name: string, before: MediaPlaylist | undefined, now: MediaPlaylist): void {
	if (now.ended) faults.push(`${name}: ended`);
	for (const [index, segment] of now.segments.entries()) {
		const next = now.segments[index + 1];
		if (!next) continue;
		const holeMs = next.programDateTimeMs - segment.programDateTimeMs - segment.durationS * 1000;
		if (holeMs < -20) faults.push(`${name}: ${next.sequence} begins ${Math.round(-holeMs)} ms before its time`);
		longestHoleMs = Math.max(longestHoleMs, holeMs || 0);
	}
	if (!before) return;
	if (now.firstSequence < before.firstSequence) faults.push(`${name}: went back to ${now.firstSequence}`);
	const newest = (playlist: MediaPlaylist) => playlist.firstSequence + playlist.segments.length;
	if (newest(now) < newest(before)) faults.push(`${name}: lost its newest segment`);
	for (const segment of now.segments) {
		const known = before.segments.find(({ sequence }) => sequence === segment.sequence);
		if (known && known.url !== segment.url) faults.push(`${name}: ${segment.sequence} has another address`);
	}
}

async function memory() {
	const children = await server.children();
	const below = children.reduce((sum, { pid }) => sum + residentUnlessGone(pid), 0);
	return {
		server: round(residentBytes(server.pid) / MEBI, 0),
		children: round(below / MEBI, 0),
		processes: children.length,
	};
}

/** An encoder may be exchanged at any time. */
function residentUnlessGone(pid: number): number {
	try {
		return residentBytes(pid);
	} catch {
		return 0;
	}
}
