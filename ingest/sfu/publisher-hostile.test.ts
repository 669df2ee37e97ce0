import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";

const feedback = ["nack", "nack pli", "transport-cc"];
const extensions = { mid: 4, rid: 10, repairedRid: 11, transportCc: 5 };
const media: PublishedMedia[] = [
	{
		kind: "audio",
		mid: "0",
		codecs: [agreedCodec("opus", 111, ["nack", "transport-cc"])],
		extensions: { mid: 4, transportCc: 5, audioLevel: 1 },
		rids: [],
		ssrcs: [],
	},
	{
		kind: "video",
		mid: "1",
		codecs: [
			{ ...agreedCodec("VP8", 96, feedback), rtxPayloadType: 97 },
			{ ...agreedCodec("H264", 102, feedback), rtxPayloadType: 103 },
		],
		extensions,
		rids: ["q", "h", "f"],
		ssrcs: [],
	},
];

/** What the publisher's own state may come to: an audio track, and a video one of three layers. */
const MAX_LAYERS = 4;
const MAX_MISSING = 300;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const plausibleRtp = fc
	.record({
		payloadType: fc.constantFrom(96, 97, 102, 103, 111, 35),
		ssrc: fc.nat(20),
		sequence: fc.oneof(fc.nat(0xffff), fc.nat(30)),
		timestamp: fc.oneof(fc.nat(0xffff_ffff), fc.nat(9_000)),
		payload: fc.oneof(
			bytes(40).map((payload) => payload.toString("hex")),
			fc.constantFrom("1070a9009d012a82026a01", "6742c01ed900a02ff970110000", "78ffff67", "7c87", "0001", ""),
		),
		padding: fc.constantFrom(0, 0, 1, 255),
		extensions: fc.dictionary(
			fc.constantFrom("1", "4", "5", "10", "11"),
			fc.oneof(fc.constantFrom("0", "1", "q", "h", "f", "\x01\x02"), fc.string({ minLength: 1, maxLength: 16 })),
			{ noNullPrototype: true },
		),
	})
	.map(rtpPacket);

/** One byte changed: headers that lie about their lengths. */
const bentRtp = fc
	.record({ packet: plausibleRtp, at: fc.nat(60), value: fc.nat(255) })
	.map(({ packet, at, value }) => Buffer.from(packet.map((byte, index) => (index === at ? value : byte))));

const rtcp = fc.oneof(
	bytes(200),
	fc
		.record({
			type: fc.constantFrom(200, 201, 202, 203, 205, 206, 207),
			format: fc.nat(31),
			words: fc.nat(12),
			body: bytes(48),
		})
		.map(({ type, format, words, body }) =>
			Buffer.concat([Buffer.from([0x80 | format, type, 0, words]), body, Buffer.alloc(48 - body.length)]),
		),
);

const events = fc.array(
	fc.oneof(
		{ weight: 6, arbitrary: fc.record({ rtp: fc.oneof(bytes(80), plausibleRtp, bentRtp) }) },
		{ weight: 1, arbitrary: fc.record({ rtcp }) },
		{ weight: 1, arbitrary: fc.record({ afterMs: fc.constantFrom(20, 700, 3_000) }) },
	),
	{ maxLength: 200 },
);

test("whatever a publisher sends, nothing throws, and what is kept of it stays small", () => {
	fc.assert(
		fc.property(events, (list) => {
			const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
			const { publisher, receive, receiveRtcp, sent, feedback: requests } = fakePublisher(clock, { media });
			const told = new Set<number>();
			publisher.on("tracks", () => {
				for (const { layers } of publisher.tracks) {
					layers.at(-1)?.add({ onPacket: ({ index }) => told.add(index), onReport() {} });
				}
			});
			for (const event of list) {
				if ("rtp" in event) receive(event.rtp);
				else if ("rtcp" in event) receiveRtcp(event.rtcp);
				else clock.nowMs += event.afterMs;
				publisher.tick();
				const asked = requests().flatMap((request) => (request.type === "nack" ? request.sequences : []));
				expect(asked.length).toBeLessThanOrEqual(MAX_LAYERS * MAX_MISSING);
			}
			const layers = publisher.tracks.flatMap((track) => [...track.layers]);
			expect(layers.length).toBeLessThanOrEqual(MAX_LAYERS);
			expect(publisher.figures().tracks.length).toBeLessThanOrEqual(2);
			for (const index of told) expect(index).toBeGreaterThanOrEqual(0);
			expect(sent()).toEqual([]);
		}),
		{ numRuns: 300 },
	);
});

test("a flood of SSRCs, rids and jumps leaves the heap where it was", () => {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const { publisher, receive, sent } = fakePublisher(clock, { media });
	const flood = (from: number, count: number) => {
		for (let at = from; at < from + count; at++) {
			const said = { 4: "1", 10: ["q", "h", "f", "x"][at % 4] ?? "q" };
			const sequence = Math.imul(at, 7_919) & 0xffff;
			receive(rtpPacket({ payloadType: 96, ssrc: at, sequence, timestamp: at, payload: "1001", extensions: said }));
			receive(rtpPacket({ payloadType: 96, ssrc: 1, sequence, timestamp: at, payload: "1001", extensions: said }));
			clock.nowMs += at % 1_000 === 0 ? 1_500 : 1;
			if (at % 20 === 0) {
				publisher.tick();
				sent();
			}
		}
	};
	flood(2, 20_000);
	setFlagsFromString("--expose-gc");
	const collectGarbage: () => void = runInNewContext("gc");
	const usedBytes = () => {
		collectGarbage();
		const { heapUsed, arrayBuffers } = process.memoryUsage();
		return heapUsed + arrayBuffers;
	};
	const before = usedBytes();
	flood(20_002, 100_000);
	const grownBytes = usedBytes() - before;
	expect(publisher.tracks.flatMap(({ layers }) => layers)).toHaveLength(3);
	// 200,000 packets came: were they or their SSRCs kept, it would be some hundred bytes for each.
	expect(grownBytes).toBeLessThan(5e6);
});
