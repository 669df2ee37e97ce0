import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { isRtcp, sequenceOf } from "../rtp/rtp-packet.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import { pullFeed } from "../test-support/feed-client.ts";
import { until } from "../test-support/ingest-server.ts";
import { FeedServer } from "./feed-server.ts";

const request = { webinarId: "abcdefghijkl", personId: "p-aaaaaaaaaaaa" };
const audio = (sequence: number) => rtpPacket({ payloadType: 111, ssrc: 5, sequence, payload: "fc" });
const video = (sequence: number, payloadType = 96) =>
	rtpPacket({ payloadType, ssrc: 9, sequence, payload: "10009d012a" });
const opusTrack = { kind: "audio", codec: "opus", payloadType: 111, clockRate: 48_000, ssrc: 5 };
const vp8Track = { kind: "video", codec: "VP8", payloadType: 96, clockRate: 90_000, ssrc: 9 };

let directory: string;
let server: FeedServer;
let fake: ReturnType<typeof fakePublisher>;
let feedPath: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "feed-"));
	feedPath = join(directory, "feed.sock");
	fake = fakePublisher({ now: () => Date.now() });
	server = await FeedServer.listen(feedPath, () => fake.publisher, createLog({ level: "silent", pretty: false }));
});
afterEach(async () => {
	await server.close();
	await rm(directory, { recursive: true });
});

test("both tracks are described once both have begun, and come as they were sent", async () => {
	fake.receive(audio(1));
	const feed = pullFeed(feedPath, request);
	await until("the request to be taken", () => fake.publisher.listenerCount("tracks") > 0);
	const middle = rtpPacket({ payloadType: 96, ssrc: 9, sequence: 1, payload: "1001" });
	fake.receive(middle);
	const description = await until("the description", () => feed.description);
	expect(description).toEqual({ tracks: [opusTrack, vp8Track] });
	fake.publisher.tick();
	expect(fake.feedback()).toEqual([{ type: "keyframe-request", mediaSsrc: 9 }]);
	fake.receive(video(2));
	fake.receive(audio(2));
	await until("the packets", () => feed.packets.length === 3);
	expect(feed.packets).toEqual([middle, video(2), audio(2)]);
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
	const big = rtpPacket({ payloadType: 96, ssrc: 9, sequence: 0, payload: "11".repeat(1200) });
	let sequence = 1;
	const track = fake.publisher.track("video");
	await until("the slow client to be cut off", () => {
		for (let count = 0; count < 100; count++) {
			big.writeUInt16BE(++sequence & 0xffff, 2);
			track?.receive(Buffer.from(big));
		}
		return server.connections === 1;
	});
	await until("the other to have everything", () => feed.packets.length === sequence - 1);
	expect(sequence * 1200).toBeGreaterThan(4 * 1024 * 1024);
	expect(feed.packets.every((packet) => !isRtcp(packet))).toBe(true);
	expect(sequenceOf(feed.packets.at(-1) ?? big)).toBe(sequence & 0xffff);
	expect(feed.ended).toBe(false);
});
