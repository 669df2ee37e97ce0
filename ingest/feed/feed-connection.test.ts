import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import { senderReport } from "../rtp/rtcp-write.ts";
import { isRtcp, sequenceOf, ssrcOf, timestampOf } from "../rtp/rtp-packet.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import { pullFeed } from "../test-support/feed-client.ts";
import { until } from "../test-support/until.ts";
import { FeedServer } from "./feed-server.ts";

const request = { webinarId: "abcdefghijkl", personId: "p-aaaaaaaaaaaa", source: "camera" as const };
const audio = (sequence: number) => rtpPacket({ payloadType: 111, ssrc: 5, sequence, payload: "fc" });
const video = (sequence: number, payloadType = 96) =>
	rtpPacket({ payloadType, ssrc: 9, sequence, payload: "10009d012a" });
const opusTrack = { kind: "audio", codec: "opus", payloadType: 111, clockRate: 48_000, ssrc: 5 };
const vp8Track = { kind: "video", codec: "VP8", payloadType: 96, clockRate: 90_000, ssrc: 9 };

/** Two layers, told apart by SSRC. */
const simulcast: PublishedMedia[] = [
	{
		kind: "video",
		codecs: [agreedCodec("VP8", 96, ["nack", "nack pli"])],
		extensions: {},
		rids: [],
		ssrcs: [{ ssrc: 21 }, { ssrc: 22 }],
	},
];

let directory: string;
let server: FeedServer;
let fake: ReturnType<typeof fakePublisher>;
let feedPath: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "feed-"));
	feedPath = join(directory, "feed.sock");
	fake = fakePublisher({ now: () => Date.now() });
	server = await FeedServer.listen(feedPath, {
		find: () => fake.publisher,
		watching: () => undefined,
		log: createLog({ level: "silent", pretty: false }),
	});
});
afterEach(async () => {
	await server.close();
	await rm(directory, { recursive: true });
});

test("both tracks are described once both have begun, and come from a keyframe on", async () => {
	fake.receive(audio(1));
	const feed = pullFeed(feedPath, request);
	await until("the request to be taken", () => fake.publisher.listenerCount("tracks") > 0);
	fake.receive(rtpPacket({ payloadType: 96, ssrc: 9, sequence: 1, payload: "1001" }));
	const description = await until("the description", () => feed.description);
	expect(description).toEqual({ tracks: [opusTrack, vp8Track] });
	fake.publisher.tick();
	expect(fake.feedback()).toContainEqual({ type: "keyframe-request", mediaSsrc: 9 });
	fake.receive(rtpPacket({ payloadType: 96, ssrc: 9, sequence: 2, payload: "1001" }));
	fake.receive(video(3));
	fake.receive(audio(2));
	await until("the packets", () => feed.packets.length === 2);
	expect(feed.packets).toEqual([video(3), audio(2)]);
});

test("the best layer that is alive is fed, all under one SSRC, and reports with it", async () => {
	const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };
	fake = fakePublisher(clock, { media: simulcast });
	const layer = (ssrc: number, sequence: number, body: string) =>
		fake.receive(
			rtpPacket({ payloadType: 96, ssrc, sequence, timestamp: sequence * 3000, payload: `10009d012a${body}` }),
		);
	layer(21, 100, "01");
	layer(22, 7000, "02");
	const feed = pullFeed(feedPath, request);
	const description = await until("the description", () => feed.description);
	expect(description).toEqual({ tracks: [{ ...vp8Track, ssrc: 22 }] });
	layer(22, 7001, "03");
	layer(21, 101, "04");
	await until("the first packet", () => feed.packets.length === 1);
	// The better one goes silent.
	clock.offsetMs += 5_000;
	const pliFor = (ssrc: number) =>
		fake.feedback().some((message) => message.type === "keyframe-request" && message.mediaSsrc === ssrc);
	let sequence = 102;
	await until("a keyframe of the other to be asked for", () => {
		fake.receive(rtpPacket({ payloadType: 96, ssrc: 21, sequence: sequence++, payload: "100100" }));
		fake.publisher.tick();
		return pliFor(21);
	});
	layer(21, sequence, "05");
	fake.receiveRtcp(
		senderReport({ ssrc: 21, ntp: 5n << 32n, rtpTimestamp: sequence * 3000 + 90, packets: 1, octets: 1 }),
	);
	await until("the packets", () => feed.packets.length === 3);
	const [first, second, report] = feed.packets;
	if (!first || !second || !report) throw new Error("three packets");
	expect([first, second].map((packet) => packet.toString("hex", 12))).toEqual(["10009d012a03", "10009d012a05"]);
	expect([ssrcOf(first), ssrcOf(second)]).toEqual([22, 22]);
	expect([sequenceOf(first), sequenceOf(second)]).toEqual([7001, 7002]);
	const [described] = readRtcp(report);
	expect(described).toMatchObject({ type: "sender-report", ssrc: 22, ntp: 5n << 32n });
	expect(described?.type === "sender-report" && described.rtpTimestamp).toBe(timestampOf(second) + 90);
	expect(feed.ended).toBe(false);
});

test("a track that does not come is not waited for; when it does, the feed ends to be asked for anew", async () => {
	fake.receive(audio(1));
	const feed = pullFeed(feedPath, request);
	expect(await until("the description", () => feed.description)).toEqual({ tracks: [opusTrack] });
	fake.receive(video(1));
	await until("the end of the feed", () => feed.ended);
	const again = pullFeed(feedPath, request);
	expect(await until("the description", () => again.description)).toEqual({ tracks: [opusTrack, vp8Track] });
	// Another codec under the same SSRC is another description too.
	fake.receive(video(2, 102));
	await until("the end of the feed", () => again.ended);
	expect(again.packets).toEqual([]);
});

test("a client that does not read is cut off, and the others go on", async () => {
	fake.receive(audio(1));
	fake.receive(video(1));
	const slow = pullFeed(feedPath, request);
	const feed = pullFeed(feedPath, request);
	await until("the descriptions", () => slow.description && feed.description);
	slow.pause();
	const big = rtpPacket({ payloadType: 96, ssrc: 9, sequence: 0, payload: `10009d012a${"11".repeat(1195)}` });
	let sequence = 1;
	await until("the slow client to be cut off", () => {
		for (let count = 0; count < 100; count++) {
			big.writeUInt16BE(++sequence & 0xffff, 2);
			fake.receive(Buffer.from(big));
		}
		return server.connections === 1;
	});
	await until("the other to have everything", () => feed.packets.length === sequence - 1);
	expect(sequence * 1200).toBeGreaterThan(4 * 1024 * 1024);
	expect(feed.packets.every((packet) => !isRtcp(packet))).toBe(true);
	expect(sequenceOf(feed.packets.at(-1) ?? big)).toBe(sequence & 0xffff);
	expect(feed.ended).toBe(false);
});
