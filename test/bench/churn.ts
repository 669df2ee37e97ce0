/**
 * What is left of those who have been here: publishers and subscribers come to several webinars, stay some seconds and
 * leave, by saying so, without a word, or because they are sent away. Options: --minutes 60. Clients are in this process.
 * What the server has is compared when everyone has left: after a first minute, which fills what is filled once, and at
 * the end. The slope is of what is there in between.
 */
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { NetworkLink } from "../support/network-link.ts";
import { PeerClient } from "./support/peer-client.ts";
import { residentBytes } from "./support/process-usage.ts";
import { startIngestProcess } from "./support/rostrum-under-test.ts";
import { printRow, round } from "./support/row.ts";
import { ssrcOf, startVideo } from "./support/video-load.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "60" } } });
const MINUTE_MS = 60_000;
const durationMs = Number(values.minutes) * MINUTE_MS;
const WARM_UP_MS = MINUTE_MS;
/** Longer than the server waits for who never connects and who has fallen silent. */
const QUIET_MS = MINUTE_MS;
const SAMPLE_INTERVAL_MS = 10_000;
const JOIN_INTERVAL_MS = 330;
const STAY_MS = { least: 3_000, most: 12_000 };
const WEBINARS = ["churnchurn01", "churnchurn02", "churnchurn03", "churnchurn04"];
const SLOTS = 3;
const PACKETS_PER_SECOND = 50;
const PACKET_BYTES = 600;
const MEBI = 2 ** 20;

interface Sample {
	minutes: number;
	rssMiB: number;
	/** Objects and buffers of all threads after a collection. */
	heapMiB: number;
	/** The same of the main thread alone, and of each other. */
	heapsMiB: number[];
	/** What V8 has taken from the system for all of them. */
	heldMiB: number;
	fds: number;
	threads: number;
	sessions: number;
}

const joined = { publishers: 0, subscribers: 0, failed: 0, received: 0 };
const left = { deleted: 0, vanished: 0, "sent away": 0, goodbye: 0 };
const ways = Object.keys(left) as (keyof typeof left)[];
const ingest = await startIngestProcess();
const startedMs = performance.now();
const visits = new Set<Promise<void>>();
let participant = 0;

try {
	await churn(WARM_UP_MS);
	const start = await sampleQuiet();
	const during = await churn(durationMs);
	const end = await sampleQuiet();
	const both = (what: (sample: Sample) => number) => `${round(what(start), 1)} -> ${round(what(end), 1)}`;
	const slope = (what: (sample: Sample) => number) =>
		round(slopeOf(during.map((at) => [at.minutes, what(at) * 1024])), 1);
	printRow("churn", {
		minutes: Number(values.minutes),
		...joined,
		...Object.fromEntries(Object.entries(left).map(([way, count]) => [way.replace(" ", "-"), count])),
		sessions: both(({ sessions }) => sessions),
		fds: both(({ fds }) => fds),
		threads: both(({ threads }) => threads),
		rssMiB: both(({ rssMiB }) => rssMiB),
		heapMiB: both(({ heapMiB }) => heapMiB),
		heldMiB: both(({ heldMiB }) => heldMiB),
		heapsMiB: `${start.heapsMiB.join(" ")} -> ${end.heapsMiB.join(" ")}`,
		rssKiBPerMinute: slope(({ rssMiB }) => rssMiB),
		heapKiBPerMinute: slope(({ heapMiB }) => heapMiB),
	});
} finally {
	await ingest.close();
}
// libdatachannel would keep the process.
process.exit();

/** Lets people come and go for a time; resolves when the last has left. */
async function churn(forMs: number): Promise<Sample[]> {
	const samples: Sample[] = [];
	const endMs = performance.now() + forMs;
	let nextSampleMs = performance.now() + SAMPLE_INTERVAL_MS;
	while (performance.now() < endMs) {
		const visiting = visit(participant++).catch((error: unknown) => {
			joined.failed++;
			process.stderr.write(`${error}\n`);
		});
		visits.add(visiting);
		visiting.finally(() => visits.delete(visiting));
		if (performance.now() >= nextSampleMs) {
			nextSampleMs += SAMPLE_INTERVAL_MS;
			samples.push(await sample());
		}
		await delay(JOIN_INTERVAL_MS);
	}
	await Promise.all(visits);
	return samples;
}

async function visit(number: number): Promise<void> {
	const webinarId = WEBINARS[number % WEBINARS.length] ?? "";
	const publishes = number % (2 * WEBINARS.length) < WEBINARS.length;
	// Every way for publishers and subscribers of every webinar.
	const way = ways[Math.floor(number / (2 * WEBINARS.length)) % ways.length] ?? "deleted";
	const client = new PeerClient(`visitor ${number}`);
	let video: { stop(): void } | undefined;
	let link: NetworkLink | undefined;
	try {
		if (publishes) client.addSending(ssrcOf(0));
		else for (let slot = 0; slot < SLOTS; slot++) client.addReceiving(slot);
		const session = await ingest.negotiate(publishes ? "whip" : "whep", webinarId, number, client, async (answer) => {
			if (way !== "vanished") return answer;
			link = await NetworkLink.open({ address: "127.0.0.1", port: portOf(answer) });
			return link.rewrite(answer);
		});
		await client.connected;
		joined[publishes ? "publishers" : "subscribers"]++;
		if (publishes) video = startVideo([client], PACKETS_PER_SECOND, PACKET_BYTES);
		await delay(STAY_MS.least + Math.random() * (STAY_MS.most - STAY_MS.least));
		if (way === "deleted") await fetch(session, { method: "DELETE" });
		else if (way === "sent away") ingest.remove(webinarId, number);
		else if (way === "vanished") link?.become({ cut: true });
		left[way]++;
	} finally {
		video?.stop();
		joined.received += client.received;
		client.close();
		link?.close();
	}
}

async function sampleQuiet(): Promise<Sample> {
	await delay(QUIET_MS);
	return sample();
}

async function sample(): Promise<Sample> {
	const { heaps = [] } = await ingest.ask({ type: "heap" });
	const { sessions = Number.NaN } = await ingest.ask({ type: "sessions" });
	const heapsMiB = heaps.map(({ heap, buffers }) => round((heap + buffers) / MEBI, 1));
	const taken: Sample = {
		minutes: (performance.now() - startedMs) / MINUTE_MS,
		rssMiB: residentBytes(ingest.pid) / MEBI,
		heapMiB: heaps.reduce((sum, { heap, buffers }) => sum + heap + buffers, 0) / MEBI,
		heapsMiB,
		heldMiB: heaps.reduce((sum, { held }) => sum + held, 0) / MEBI,
		fds: readdirSync(`/proc/${ingest.pid}/fd`).length,
		threads: readdirSync(`/proc/${ingest.pid}/task`).length,
		sessions,
	};
	process.stderr.write(`${JSON.stringify({ ...taken, ...joined })}\n`);
	return taken;
}

/** Of the server's first UDP candidate over IPv4. */
function portOf(answer: string): number {
	return Number(/^a=candidate:\S+ 1 udp \d+ \d+\.\d+\.\d+\.\d+ (\d+) /im.exec(answer)?.[1]);
}

/** Of the line through the points by least squares. */
function slopeOf(points: [x: number, y: number][]): number {
	const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
	const [meanX, meanY] = [mean(0), mean(1)];
	const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
	return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
