import fc from "fast-check";
import { expect, test } from "vitest";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { rtpPacket } from "../test-support/fake-publisher.ts";
import { StreamDemux } from "./stream-demux.ts";

const extensions = { mid: 4, rid: 10, repairedRid: 11 };
const opus = agreedCodec("opus", 111);
const vp8 = { ...agreedCodec("VP8", 96), rtxPayloadType: 97 };

const media = (video: Partial<PublishedMedia> = {}): PublishedMedia[] => [
	{ kind: "audio", mid: "0", codecs: [opus], extensions: { mid: 4 }, rids: [], ssrcs: [] },
	{ kind: "video", mid: "1", codecs: [vp8], extensions, rids: [], ssrcs: [], ...video },
];

const AUDIO = { payloadType: 111 };
const VIDEO = { payloadType: 96 };
const RTX = { payloadType: 97 };

function setUp(lines: PublishedMedia[]) {
	const demux = new StreamDemux(lines);
	return {
		demux,
		/** [m= line, encoding, repair] of a packet. */
		find(ssrc: number, { payloadType }: { payloadType: number }, said: Record<number, string> = {}, nowMs = 0) {
			const withExtensions = Object.keys(said).length > 0 ? { extensions: said } : {};
			const packet = rtpPacket({ payloadType, ssrc, sequence: 1, payload: "00", ...withExtensions });
			const stream = demux.find(packet, nowMs);
			return stream && [stream.line, stream.encoding, stream.repair];
		},
	};
}

test("the MID tells the m= line, once for all packets of the SSRC", () => {
	const { find } = setUp([...media(), { ...(media()[1] as PublishedMedia), mid: "screen" }]);
	expect(find(7, VIDEO)).toBeUndefined();
	expect(find(7, VIDEO, { 4: "nobody" })).toBeUndefined();
	expect(find(7, VIDEO, { 4: "screen" })).toEqual([2, 0, false]);
	expect(find(7, VIDEO)).toEqual([2, 0, false]);
	expect(find(7, VIDEO, { 4: "1" })).toEqual([2, 0, false]);
	expect(find(8, AUDIO, { 4: "1" })).toBeUndefined();
	expect(find(8, AUDIO, { 4: "0" })).toEqual([0, 0, false]);
});

test("the RID tells the layer, the repaired RID that of retransmissions; without either there is no telling", () => {
	const { find } = setUp(media({ rids: ["q", "h", "f"] }));
	expect(find(1, VIDEO)).toBeUndefined();
	expect(find(1, VIDEO, { 4: "1" })).toBeUndefined();
	expect(find(1, VIDEO, { 4: "1", 10: "x" })).toBeUndefined();
	expect(find(1, VIDEO, { 4: "1", 10: "h" })).toEqual([1, 1, false]);
	expect(find(2, VIDEO, { 10: "f" })).toEqual([1, 2, false]);
	expect(find(3, RTX, { 4: "1", 11: "h" })).toEqual([1, 1, true]);
	expect(find(3, RTX)).toEqual([1, 1, true]);
	expect([find(1, VIDEO), find(2, VIDEO)]).toEqual([
		[1, 1, false],
		[1, 2, false],
	]);
});

test("OBS declares its base layer's SSRC alone; the RIDs in its packets go before that", () => {
	const { find } = setUp(media({ rids: ["0", "1", "2"], ssrcs: [{ ssrc: 50 }] }));
	expect(find(50, VIDEO)).toEqual([1, 0, false]);
	expect(find(51, VIDEO)).toBeUndefined();
	expect(find(51, VIDEO, { 10: "1" })).toEqual([1, 1, false]);
});

test("declared SSRCs are layers in their order, with their retransmissions", () => {
	const { find } = setUp(
		media({
			ssrcs: [
				{ ssrc: 20, rtxSsrc: 21 },
				{ ssrc: 30, rtxSsrc: 31 },
			],
		}),
	);
	expect(find(21, VIDEO)).toBeUndefined();
	expect(find(30, VIDEO)).toEqual([1, 1, false]);
	expect(find(20, VIDEO, { 4: "1" })).toEqual([1, 0, false]);
	expect(find(31, RTX)).toEqual([1, 1, true]);
	expect(find(99, VIDEO, { 4: "1" })).toBeUndefined();
});

test("the payload type tells where only one m= line of its kind is there, and no MID says otherwise", () => {
	expect(setUp(media()).find(2, VIDEO, { 4: "nobody" })).toBeUndefined();
	const { find } = setUp(media({ extensions: {} }));
	expect([find(1, AUDIO), find(2, VIDEO), find(3, RTX), find(4, { payloadType: 100 })]).toEqual([
		[0, 0, false],
		[1, 0, false],
		[1, 0, true],
		undefined,
	]);
});

test("a stream carries what it was bound to, whatever payload types it goes on with", () => {
	const { find } = setUp(media());
	expect(find(2, VIDEO)).toEqual([1, 0, false]);
	expect([find(2, RTX), find(2, AUDIO), find(2, VIDEO)]).toEqual([undefined, undefined, [1, 0, false]]);
});

test("no other SSRC takes a live layer's place; a silent one's it may", () => {
	const { find, demux } = setUp(media({ rids: ["q", "h"] }));
	expect(find(1, VIDEO, { 10: "q" }, 0)).toEqual([1, 0, false]);
	expect(find(2, VIDEO, { 10: "h" }, 0)).toEqual([1, 1, false]);
	expect(find(9, VIDEO, { 10: "q" }, 999)).toBeUndefined();
	expect(find(2, VIDEO, { 10: "q" }, 999)).toEqual([1, 1, false]);
	expect(find(9, VIDEO, { 10: "q" }, 1_000)).toEqual([1, 0, false]);
	expect(find(1, VIDEO, { 10: "q" }, 1_100)).toBeUndefined();
	expect(demux.size).toBe(2);
});

test("MID and RID are read in two-byte extensions too", () => {
	const { demux } = setUp(media({ rids: ["q", "high"] }));
	const packet = Buffer.from("90600001000000000000000110000003", "hex");
	const block = Buffer.concat([Buffer.from([4, 1]), Buffer.from("1"), Buffer.from([10, 4]), Buffer.from("high")]);
	const whole = Buffer.concat([packet, block, Buffer.alloc(12 - block.length), Buffer.from([0])]);
	expect(demux.find(whole, 0)).toMatchObject({ line: 1, encoding: 1, repair: false });
});

test("whatever comes, no more SSRCs are remembered than there are places", () => {
	const value = fc.constantFrom("0", "1", "q", "h", "f", "e", "x");
	const packets = fc.array(
		fc.record({
			ssrc: fc.nat(200),
			payloadType: fc.constantFrom(96, 97, 111, 100),
			said: fc.dictionary(fc.constantFrom("4", "10", "11"), value),
			afterMs: fc.constantFrom(0, 1, 600, 2_000),
		}),
		{ maxLength: 300 },
	);
	fc.assert(
		fc.property(packets, (list) => {
			const { find, demux } = setUp(media({ rids: ["q", "h", "f", "e", "d"] }));
			let nowMs = 0;
			for (const { ssrc, payloadType, said, afterMs } of list) {
				nowMs += afterMs;
				const found = find(ssrc, { payloadType }, said, nowMs);
				if (found) expect(found[1]).toBeLessThan(3);
			}
			expect(demux.size).toBeLessThanOrEqual(8);
		}),
	);
});
