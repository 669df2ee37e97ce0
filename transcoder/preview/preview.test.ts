import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProgrammeAnswer } from "../../core/protocol/feed.ts";
import { eventually } from "../../test/support/deadline.ts";
import { frameRecord, type Run, runRecord } from "../coded-frames.ts";
import { parseSenderReports } from "../source/rtcp.ts";
import { isRtcp, parseRtp, timestampDistance } from "../source/rtp.ts";
import { FrameReader, framed } from "../stream-framing.ts";
import { Preview } from "./preview.ts";

const NOW_MS = 1_800_000_000_500;
const STARTS_AT_MS = 1_800_000_000_000;
const DEADLINE_MS = 20_000;
const avcC = Buffer.from("0164001effe100196764001eacd940a02ff9610000030001000003003c8f162d9601000668ebe3cb22c0", "hex");

const video = (name: string, height: number): Run["tracks"][number] => ({
	kind: "video",
	name,
	width: (height * 16) / 9,
	height,
	frameRate: 30,
	maxBitrate: 1_000_000,
	avcC: avcC.toString("base64"),
});
const run: Run = { run: 1, startsAtMs: STARTS_AT_MS, tracks: [video("720p", 720), video("360p", 360)] };

const silence = new Float32Array(3200);

/** One slice whose second byte tells which frame it is of. */
function frame(track: number, pts: number, keyframe = false): Buffer {
	return frameRecord({ track, pts, keyframe, data: Buffer.from([0, 0, 0, 2, keyframe ? 0x65 : 0x41, pts]) });
}

let directory: string;
let feedPath: string;
let preview: Preview;
let closeIngest: () => void;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "preview-"));
	feedPath = join(directory, "feed.sock");
	const parts = { log: pino({ level: "silent" }), clock: { now: () => NOW_MS } };
	preview = new Preview({ feedPath, webinarId: "abcdefghijkl" }, parts);
});
afterEach(async () => {
	preview.close();
	closeIngest();
	await rm(directory, { recursive: true });
});

/** Says `answer` to each that comes, and keeps what they send. */
async function startIngest(path: string, answer: ProgrammeAnswer) {
	const requests: unknown[] = [];
	const packets: Buffer[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		const reader = new FrameReader();
		let asked = false;
		socket.on("error", () => {});
		socket.on("close", () => sockets.delete(socket));
		socket.on("data", (chunk) => {
			for (const packet of reader.push(chunk)) {
				if (asked) packets.push(packet);
				else requests.push(JSON.parse(packet.toString()));
				if (!asked) socket.write(framed(Buffer.from(JSON.stringify(answer))));
				asked = true;
			}
		});
	});
	server.listen(path);
	await once(server, "listening");
	const dropAll = () => {
		for (const socket of sockets) socket.destroy();
	};
	const close = () => {
		dropAll();
		server.close();
	};
	return { requests, packets, sockets, dropAll, close };
}

async function until(condition: () => boolean, what: string): Promise<void> {
	await eventually(
		() => condition(),
		DEADLINE_MS,
		() => what,
	);
}

test("the smaller rung and the sound go to where ingest says, from a keyframe on, on one clock", async () => {
	const workerPath = join(directory, "worker.sock");
	const directoryOfFeeds = await startIngest(feedPath, { redirect: workerPath });
	const worker = await startIngest(workerPath, { accepted: true });
	closeIngest = () => {
		directoryOfFeeds.close();
		worker.close();
	};
	preview.onCoded(runRecord(run));
	preview.onCoded(frame(1, 0, true));
	preview.onSound(silence, STARTS_AT_MS * 48);
	preview.setWatched(true);
	await until(() => {
		preview.onSound(silence, STARTS_AT_MS * 48);
		return worker.packets.length > 0;
	}, "sound was not sent");
	expect(worker.requests).toMatchObject([{ webinarId: "abcdefghijkl", publish: "programme" }]);
	worker.packets.length = 0;
	for (let pts = 1; pts < 40; pts++)
		for (const track of [0, 1]) preview.onCoded(frame(track, pts, track === 0 || pts === 30));
	await until(() => worker.packets.some((packet) => parseRtp(packet)?.payload[1] === 39), "the last frame");
	const rtp = worker.packets.flatMap((packet) => (isRtcp(packet) ? [] : (parseRtp(packet) ?? [])));
	const pictures = rtp.filter(({ payloadType }) => payloadType === 96);
	const slices = pictures.filter(({ payload }) => payload.length === 2);
	expect(slices.map(({ payload }) => payload[1])).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
	expect(slices.every(({ marker }) => marker)).toBe(true);
	expect(pictures.map(({ sequence }) => sequence)).toEqual(pictures.map((_, at) => at));
	const reports = worker.packets.flatMap((packet) => (isRtcp(packet) ? parseSenderReports(packet) : []));
	const clockRates = new Map([
		[1, 90_000],
		[2, 48_000],
	]);
	expect(reports.map(({ ssrc }) => ssrc)).toEqual([1, 2]);
	for (const { ssrc, ntpMs, rtpTimestamp } of reports) {
		expect(ntpMs).toBeCloseTo(NOW_MS, 0);
		const expected = ((NOW_MS * (clockRates.get(ssrc) ?? 0)) / 1000) % 2 ** 32;
		expect(rtpTimestamp).toBe(expected);
	}
	const [first] = slices;
	const [report] = reports;
	// Frame 30 was captured a second after the start, half a second after the report.
	expect(timestampDistance(first?.timestamp ?? 0, report?.rtpTimestamp ?? 0)).toBe(45_000);
});

test("nobody is asked before somebody watches; a lost connection is made anew, and nothing is sent after the last look", async () => {
	const ingest = await startIngest(feedPath, { accepted: true });
	closeIngest = ingest.close;
	preview.onCoded(runRecord(run));
	preview.setWatched(true);
	await until(() => ingest.requests.length === 1, "the request");
	ingest.dropAll();
	await until(() => ingest.requests.length === 2, "another request");
	await until(() => {
		preview.onCoded(frame(1, 30, true));
		return ingest.packets.length > 0;
	}, "pictures were not sent");
	preview.setWatched(false);
	await until(() => ingest.sockets.size === 0, "the connection to end");
	const { length } = ingest.packets;
	preview.onCoded(frame(1, 31, true));
	preview.onSound(silence, STARTS_AT_MS * 48);
	preview.setWatched(true);
	await until(() => ingest.requests.length === 3, "a request for the next one who watches");
	expect(ingest.packets).toHaveLength(length);
});
