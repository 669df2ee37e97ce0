import fc from "fast-check";
import { expect, test } from "vitest";
import { sequenceOf, ssrcOf, timestampOf } from "../rtp/rtp-packet.ts";
import type { ExtensionIds, SubscribedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { FakeSender } from "../test-support/fake-sender.ts";
import { type FakeLayer, FakeTrack } from "../test-support/fake-track.ts";
import { OutgoingStream } from "./outgoing-stream.ts";

const KEY = "10009d012a";
const DELTA = "1001";
const SSRC = 0x5107;
const RTX_SSRC = 0x5108;
const feedback = ["nack", "nack pli"];

function setUp(media: Partial<SubscribedMedia> = {}) {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const sender = new FakeSender();
	const stream = new OutgoingStream(
		{
			media: {
				kind: "video",
				codecs: [agreedCodec("H264", 102, feedback, 103), agreedCodec("VP8", 120, feedback, 121)],
				extensions: {},
				ssrc: SSRC,
				rtxSsrc: RTX_SSRC,
				cname: "slot",
				slot: 0,
				...media,
			},
			sender,
			sent: sender,
		},
		{ clock },
	);
	return { clock, sender, stream };
}

/** Without what differs from run to run: sequence number and timestamp. */
const shape = ({ packet }: { packet: Buffer }) => `${packet.toString("hex", 0, 2)} ${packet.toString("hex", 8)}`;

test("nothing passes before a keyframe, which is asked for; then all does, under the slot's name", () => {
	const { stream, sender } = setUp();
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	expect(layer.keyframeRequests).toBe(1);
	layer.deliver({ index: 10, timestamp: 0, payload: DELTA });
	layer.deliver({ index: 11, timestamp: 3000, payload: KEY, keyframe: true });
	layer.deliver({ index: 12, timestamp: 6000, payload: DELTA, marker: true, padding: 2 });
	// Late, and from before the keyframe.
	layer.deliver({ index: 9, timestamp: 0, payload: DELTA });
	// Neither extension nor SSRC of the publisher is left.
	expect(sender.rtp.map(shape)).toEqual([`8078 00005107${KEY}`, `a0f8 00005107${DELTA}0202`]);
	expect([stream.figures.packets, stream.figures.octets, stream.keyframes]).toEqual([2, 9, 1]);
});

test("extensions are those of the subscriber: its own, and the publisher's level and orientation under other ids", () => {
	const extensions: ExtensionIds = { mid: 4, audioLevel: 7, orientation: 9, transportCc: 3, absSendTime: 2 };
	const { stream, sender, clock } = setUp({ mid: "v1", extensions });
	const layer = new FakeTrack(agreedCodec("VP8", 96), { audioLevel: 1, orientation: 13, mid: 5 }).layer();
	stream.show(layer);
	// Level 1 = ab, mid 5 = "0", orientation 13 = 02, and one nobody knows.
	const theirs = "bede000310ab5030d002e2aabbcc0000".padEnd(32, "0");
	layer.deliver({ index: 1, timestamp: 0, payload: KEY, keyframe: true, extensions: theirs });
	layer.deliver({ index: 2, timestamp: 0, payload: DELTA, extensions: "bede0000" });
	clock.nowMs += 1000;
	layer.deliver({ index: 3, timestamp: 0, payload: DELTA, extensions: "bede000111abcd00" });
	const time = (ms: number) => (Math.floor((ms * 2 ** 18) / 1000) % 2 ** 24).toString(16).padStart(6, "0");
	const before = time(1_000_000);
	expect(sender.rtp.map(shape)).toEqual([
		`9078 00005107bede000441763131006422${before}70ab90020000${KEY}`,
		`9078 00005107bede000341763131006522${before}0000${DELTA}`,
		`9078 00005107bede000341763131006622${time(1_001_000)}0000${DELTA}`,
	]);
	expect(sender.sizes).toEqual(sender.rtp.map(({ packet }) => packet.length));
	expect(sender.nextSequence).toBe(103);
});

test("lost packets go out as retransmissions: their own stream, the original's number before the payload", () => {
	const { stream, sender, clock } = setUp({ extensions: { transportCc: 3 } });
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	for (const index of [1, 2, 3])
		layer.deliver({ index, timestamp: index * 3000, payload: `${KEY}0${index}`, keyframe: true });
	const originals = sender.take();
	const lost = originals[1]?.packet ?? Buffer.alloc(12);
	stream.onNack([sequenceOf(lost)], 80);
	const [first, ...more] = sender.take();
	expect(more).toEqual([]);
	const sequence = lost.toString("hex", 2, 4);
	expect(shape(first ?? { packet: lost })).toBe(`9079 0000${RTX_SSRC.toString(16)}bede000131006700${sequence}${KEY}02`);
	expect(timestampOf(first?.packet ?? lost)).toBe(timestampOf(lost));
	// Four more, not much sooner than a round trip after each other, and then no more.
	const resent: number[] = [];
	for (let elapsedMs = 10; elapsedMs < 400; elapsedMs += 10) {
		clock.nowMs += 10;
		stream.onNack([sequenceOf(lost)], 80);
		const sent = sender.take();
		if (sent.length > 0) resent.push(elapsedMs);
		for (const [at, { packet, index }] of sent.entries()) {
			expect(ssrcOf(packet)).toBe(RTX_SSRC);
			expect(index).toBe((first?.index ?? 0) + resent.length + at);
		}
	}
	expect(resent).toEqual([50, 100, 150, 200]);
	expect([stream.figures.resends, stream.figures.packets]).toEqual([5, 3]);
});

test("what overloaded the path is not sent again", () => {
	const { stream, sender } = setUp({ extensions: { transportCc: 3 } });
	const track = new FakeTrack(agreedCodec("VP8", 96));
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	stream.show(high);
	high.deliver({ index: 1, timestamp: 3000, payload: `${KEY}01`, keyframe: true });
	const [before] = sender.take();
	const resent = (packet: Buffer | undefined) => {
		stream.onNack([sequenceOf(packet ?? Buffer.alloc(12))], 80);
		return sender.take().length;
	};
	stream.show(low, true);
	expect(resent(before?.packet)).toBe(0);
	low.deliver({ index: 1, timestamp: 3000, payload: `${KEY}02`, keyframe: true });
	const [after] = sender.take();
	expect([resent(before?.packet), resent(after?.packet)]).toEqual([0, 1]);
});

test("without retransmissions the packet itself goes out again, just as it was", () => {
	const { stream, sender, clock } = setUp({
		codecs: [agreedCodec("VP8", 120, feedback)],
		extensions: { mid: 1, transportCc: 3, absSendTime: 2 },
		mid: "7",
	});
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	for (const index of [1, 2, 4]) layer.deliver({ index, timestamp: 0, payload: `${KEY}0${index}`, keyframe: true });
	const originals = sender.take();
	clock.nowMs += 777;
	const first = sequenceOf(originals[0]?.packet ?? Buffer.alloc(12));
	stream.onNack([first, first + 1, first + 2, first + 3, first - 1, first + 4], 10);
	expect(sender.take()).toEqual([originals[0], originals[1], originals[2]]);
	// Came late: sent for the first time when it came, and now once more.
	layer.deliver({ index: 3, timestamp: 0, payload: `${KEY}03` });
	const [late] = sender.take();
	stream.onNack([first + 2], 10);
	expect(sender.take()).toEqual([late]);
});

test("after a switch, what was lost of the layer before is found in that layer", () => {
	const { stream, sender } = setUp();
	const track = new FakeTrack(agreedCodec("VP8", 96));
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	stream.show(low);
	low.deliver({ index: 65_534, timestamp: 1000, payload: `${KEY}01`, keyframe: true });
	low.deliver({ index: 65_537, timestamp: 4000, payload: `${DELTA}02` });
	stream.show(high);
	high.deliver({ index: 900, timestamp: 77, payload: `${KEY}03`, keyframe: true });
	const sent = sender.take();
	const start = sent[0]?.index ?? 0;
	expect(sent.map(({ index }) => index - start)).toEqual([0, 3, 4]);
	// Comes after the switch: not forwarded, but kept.
	low.deliver({ index: 65_536, timestamp: 4000, payload: `${DELTA}04` });
	expect(sender.take()).toEqual([]);
	stream.onNack([(start + 2) & 0xffff, (start + 3) & 0xffff, (start + 4) & 0xffff], 10);
	const resent = sender.take();
	expect(resent.map(({ packet }) => packet.toString("hex", 14))).toEqual([`${DELTA}04`, `${DELTA}02`, `${KEY}03`]);
	expect(resent.map(({ packet }) => packet.readUInt16BE(12))).toEqual([2, 3, 4].map((step) => (start + step) & 0xffff));
	const [first = 0, second = 0] = resent.map(({ packet }) => timestampOf(packet));
	expect(first).toBe(second);
	expect(second).toBe(timestampOf(sent[1]?.packet ?? Buffer.alloc(12)));
});

test("reports carry the publisher's clock on, in the slot's timestamps, and are answered with the round trip", async () => {
	const { clock, stream, sender } = setUp();
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	layer.deliver({ index: 1, timestamp: 10_000, payload: KEY, keyframe: true });
	await Promise.resolve();
	expect(sender.rtcp).toEqual([]);
	const ntp = 0xe2345678_40000000n;
	layer.report(ntp, 10_000 + 900, clock.nowMs);
	clock.nowMs += 2500;
	stream.sendReport();
	expect(sender.rtcp[1]?.readUInt32BE(20)).toBe(1);
	expect(sender.rtcp[1]?.toString("latin1", 28)).toContain("slot");
	const reports = sender.reports();
	const outTimestamp = timestampOf(sender.rtp[0]?.packet ?? Buffer.alloc(12));
	expect(reports).toMatchObject([
		{ type: "sender-report", ssrc: SSRC, ntp },
		{ type: "sender-report", ssrc: SSRC, ntp: 0xe234567a_c0000000n },
	]);
	expect(
		reports.map((report) => report.type === "sender-report" && (report.rtpTimestamp - outTimestamp) >>> 0),
	).toEqual([900, 900 + 225_000]);
	clock.nowMs += 140;
	const block = { ssrc: SSRC, fractionLost: 64, packetsLost: 1, highestSequence: 1, jitter: 900 };
	const answered = { ...block, lastReport: 0x567ac000, delaySinceLastReport: 65_536 / 10 };
	expect(stream.onReceiverReport(answered)).toBeCloseTo(40, 0);
	expect([stream.figures.lost, stream.figures.jitterMs]).toEqual([0.25, 10]);
	expect(stream.onReceiverReport({ ...answered, lastReport: 5 })).toBeUndefined();
});

test("at a switch the new layer's clock is told at once", async () => {
	const { clock, stream, sender } = setUp();
	const track = new FakeTrack(agreedCodec("VP8", 96));
	const layer = track.layer();
	layer.report(0xe2345678_40000000n, 5_000, clock.nowMs);
	stream.show(layer);
	layer.deliver({ index: 1, timestamp: 5_000, payload: KEY, keyframe: true });
	await Promise.resolve();
	const [report] = sender.reports();
	expect(report).toMatchObject({ rtpTimestamp: timestampOf(sender.rtp[0]?.packet ?? Buffer.alloc(12)) });
});

test("a subscriber's wishes for keyframes reach the layer it waits for, twice a second at most", () => {
	const { clock, stream } = setUp();
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	for (let at = 0; at < 100; at++) {
		stream.onKeyframeRequest();
		clock.nowMs += 10;
	}
	expect([layer.keyframeRequests, stream.figures.plis]).toEqual([3, 100]);
});

test("padding is a retransmission stream's, numbered like all of it", () => {
	const { stream, sender } = setUp({ extensions: { transportCc: 3 } });
	expect(stream.sendPadding(1000)).toBe(0);
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	layer.deliver({ index: 1, timestamp: 0, payload: KEY, keyframe: true });
	const [media] = sender.take();
	const bytes = stream.sendPadding(700);
	const padding = sender.take();
	expect(padding).toHaveLength(3);
	expect(padding.reduce((sum, { packet }) => sum + packet.length, 0)).toBe(bytes);
	padding.forEach(({ packet, index }, at) => {
		expect(packet.toString("hex", 0, 2)).toBe("b079");
		expect([ssrcOf(packet), timestampOf(packet)]).toEqual([RTX_SSRC, timestampOf(media?.packet ?? packet)]);
		expect(packet.toString("hex", 12)).toBe(
			`bede000131${(101 + at).toString(16).padStart(4, "0")}00${"00".repeat(254)}ff`,
		);
		expect(index).toBe((padding[0]?.index ?? 0) + at);
	});
	// Without retransmissions there is no stream for it.
	const plain = setUp({ codecs: [agreedCodec("VP8", 120, feedback)] });
	plain.stream.show(layer);
	layer.deliver({ index: 2, timestamp: 0, payload: KEY, keyframe: true });
	expect(plain.stream.sendPadding(1000)).toBe(0);
});

test("a codec the subscriber did not agree to is not sent", () => {
	const { stream, sender } = setUp({ codecs: [agreedCodec("H264", 102, feedback)] });
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	layer.deliver({ index: 1, timestamp: 0, payload: KEY, keyframe: true });
	expect(sender.rtp).toEqual([]);
});

const event = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), layer: fc.nat(2), skip: fc.nat(3) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("late" as const), layer: fc.nat(2), skip: fc.nat(6) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("show" as const), layer: fc.nat(2), skip: fc.nat(1) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("nack" as const), layer: fc.nat(40), skip: fc.nat(40) }) },
);

test.each([
	["with retransmissions", agreedCodec("VP8", 120, feedback, 121)],
	["without", agreedCodec("VP8", 120, feedback)],
])("whatever is lost, asked for and switched, no index of an SSRC protects two different packets (%s)", (_, codec) => {
	fc.assert(
		fc.property(fc.array(event, { minLength: 20, maxLength: 300 }), (events) => {
			const { clock, stream, sender } = setUp({ codecs: [codec], extensions: { transportCc: 3, absSendTime: 2 } });
			const track = new FakeTrack(agreedCodec("VP8", 96));
			const layers: FakeLayer[] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 }), track.layer({ ssrc: 3 })];
			const next = [65_530, 10, 1_000_000];
			const send = (which: number, index: number) => {
				const keyframe = index % 5 === 0;
				const payload = `90f0${(0x8000 | (index & 0x7fff)).toString(16)}0101${keyframe ? "00" : "01"}${index.toString(16).padStart(8, "0")}`;
				layers[which]?.deliver({ index, timestamp: index * 3000, payload, keyframe });
			};
			for (const { do: what, layer: which, skip } of events) {
				clock.nowMs += 7;
				if (what === "show") stream.show(skip === 0 ? layers[which] : undefined);
				else if (what === "late") send(which, Math.max(0, (next[which] ?? 0) - skip));
				else if (what === "send") {
					send(which, (next[which] ?? 0) + (skip === 3 ? 1 : 0));
					next[which] = (next[which] ?? 0) + (skip === 3 ? 2 : 1);
				} else {
					const highest = sender.rtp.at(-1)?.index ?? 0;
					stream.onNack([(highest - which) & 0xffff, (highest - skip) & 0xffff], 10);
				}
			}
			const seen = new Map<string, string>();
			for (const { index, packet } of sender.rtp) {
				expect(sequenceOf(packet)).toBe(index & 0xffff);
				const key = `${ssrcOf(packet)} ${index}`;
				expect(seen.get(key) ?? packet.toString("hex")).toBe(packet.toString("hex"));
				seen.set(key, packet.toString("hex"));
			}
		}),
		{ numRuns: 200 },
	);
});

test("freezes are counted by frames as they were sent; a pause is none", () => {
	const { stream, clock } = setUp();
	const layer = new FakeTrack(agreedCodec("VP8", 96)).layer();
	stream.show(layer);
	let index = 10;
	function frame(afterMs: number, payload = DELTA): void {
		clock.nowMs += afterMs;
		const timestamp = index * 3000;
		layer.deliver({ index: index++, timestamp, payload, keyframe: payload === KEY });
		// The rest of it comes late.
		clock.nowMs += 10;
		layer.deliver({ index: index++, timestamp, payload: DELTA });
	}
	frame(0, KEY);
	for (let i = 0; i < 20; i++) frame(30);
	expect(stream.freezes).toBe(0);
	frame(400);
	expect(stream.freezes).toBe(1);
	// One that was lost on the way here, and comes out of order.
	index++;
	frame(30);
	layer.deliver({ index: index - 3, timestamp: 0, payload: DELTA });
	frame(30);
	expect(stream.freezes).toBe(1);
	// Nobody in the slot for a while.
	stream.show(undefined);
	clock.nowMs += 5_000;
	stream.show(layer);
	frame(30, KEY);
	expect(stream.freezes).toBe(1);
	index++;
	frame(2_000);
	expect(stream.freezes).toBe(2);
});
