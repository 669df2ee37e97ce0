import fc from "fast-check";
import { expect, test } from "vitest";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { type FakeLayer, FakeTrack, readVp8, vp8Payload } from "../test-support/fake-track.ts";
import { type ForwardSink, LayerForwarder } from "./layer-forwarder.ts";
import type { Segment } from "./stream-segments.ts";

interface Sent {
	outIndex: number;
	timestamp: number;
	payload: Buffer;
	layer: unknown;
	segment: Segment;
}

function setUp(start: { index: number; timestamp: number } | null = { index: 999, timestamp: 5_000 }) {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const sent: Sent[] = [];
	const scratch = Buffer.alloc(2048);
	const sink: ForwardSink = {
		accepts: () => true,
		onForward(packet, payloadStart, outIndex, segment: Segment, codec) {
			const end = forwarder.writePayload(scratch, 0, packet, payloadStart, segment, codec);
			sent.push({
				outIndex,
				timestamp: (packet.readUInt32BE(4) + segment.timestampOffset) >>> 0,
				payload: Buffer.from(scratch.subarray(0, end)),
				layer: segment.layer,
				segment,
			});
		},
		onSwitch: () => {},
		onReport: () => {},
	};
	const forwarder = new LayerForwarder({ sink, clockRate: 90_000, ...(start && { start }) }, { clock });
	return { clock, sent, forwarder };
}

const vp8 = agreedCodec("VP8", 96);

/** Delivers frames of one packet each, so that what matters is easy to see. */
function source(layer: FakeLayer, { index = 0, timestamp = 0, pictureId = 0, bits = 15 as 7 | 15 } = {}) {
	let [at, time, id, key] = [index, timestamp, pictureId, 0];
	return {
		skip: (packets: number) => {
			at += packets;
			id += packets;
		},
		frame(keyframe = false, elapsed = 3000) {
			time += elapsed;
			if (keyframe) key++;
			const body = `${layer.ssrc}-${at}`;
			const payload = vp8Payload({ pictureId: id, bits, tl0: id, keyIndex: key, start: true, keyframe, body });
			layer.deliver({ index: at++, timestamp: time, payload, keyframe });
			id++;
		},
		padding: () => layer.deliver({ index: at++, timestamp: time, payload: "", padding: 200 }),
	};
}

test("the old layer stays until the new one's keyframe, and all numbers go on over the switch", () => {
	const { clock, sent, forwarder } = setUp();
	const track = new FakeTrack(vp8);
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	const a = source(low, { index: 65_530, timestamp: 0xffff_f000, pictureId: 32_766 });
	const b = source(high, { index: 77, timestamp: 1234, pictureId: 100 });
	forwarder.show(low);
	a.frame();
	expect(sent).toEqual([]);
	a.frame(true);
	a.frame();
	forwarder.show(high);
	expect([low.keyframeRequests, high.keyframeRequests]).toEqual([1, 1]);
	clock.nowMs += 33;
	a.frame();
	b.frame();
	clock.nowMs += 33;
	b.frame(true);
	a.frame(true);
	b.frame();
	expect(low.consumers.size).toBe(0);
	expect(sent.map(({ layer }) => (layer as FakeLayer).ssrc)).toEqual([1, 1, 1, 2, 2]);
	expect(sent.map(({ outIndex }) => outIndex)).toEqual([1000, 1001, 1002, 1003, 1004]);
	const [first = 0] = sent.map(({ timestamp }) => timestamp);
	expect(sent.map(({ timestamp }) => (timestamp - first) >>> 0)).toEqual([0, 3000, 6000, 6000 + 2970, 9000 + 2970]);
	const numbers = sent.map(({ payload }) => readVp8(payload));
	expect(numbers.map(({ pictureId }) => pictureId)).toEqual([32_767, 0, 1, 2, 3]);
	expect(numbers.map(({ tl0 }) => tl0)).toEqual([255, 0, 1, 2, 3]);
	expect(numbers.map(({ keyIndex }) => keyIndex)).toEqual([1, 1, 1, 2, 2]);
});

test("on an overloaded path the old layer ends at once; should it stay after all, it goes on", () => {
	const { sent, forwarder } = setUp();
	const track = new FakeTrack(vp8);
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	const [a, b] = [source(low), source(high)];
	forwarder.show(high);
	b.frame(true);
	forwarder.show(low, true);
	b.frame(true);
	expect(sent).toHaveLength(1);
	expect(forwarder.oldestWanted).toBe(Number.POSITIVE_INFINITY);
	forwarder.show(high);
	b.frame(true);
	expect(high.keyframeRequests).toBe(2);
	// What was not sent is missing now: the receiver will ask for it.
	expect(sent.map(({ outIndex }) => outIndex)).toEqual([1000, 1002]);
	forwarder.show(low);
	b.frame();
	expect(sent).toHaveLength(3);
	forwarder.show(low, true);
	b.frame();
	a.frame(true);
	a.frame();
	expect(sent.map(({ outIndex }) => outIndex)).toEqual([1000, 1002, 1003, 1004, 1005]);
	expect(forwarder.oldestWanted).toBe(1004);
});

test("sender reports of both layers tell how their timestamps relate", () => {
	const { clock, sent, forwarder } = setUp();
	const track = new FakeTrack(vp8);
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	// Both layers' clocks stand at 10,000 and 500,000 at the same moment, 100 ms before the other's report.
	low.report(0xe0000000_00000000n, 10_000, clock.nowMs);
	high.report(0xe0000000_1999999an, 509_000, clock.nowMs);
	forwarder.show(low);
	source(low, { timestamp: 10_000 }).frame(true, 0);
	forwarder.show(high);
	// Arrives 80 ms late, and is of 40 ms after the last picture of the other layer.
	clock.nowMs += 120;
	source(high, { timestamp: 500_000 }).frame(true, 3600);
	expect((sent[1]?.timestamp ?? 0) - (sent[0]?.timestamp ?? 0)).toBe(3600);
	// A report that lies is not followed.
	low.report(0xe0000000_00000000n, 4_000_000, clock.nowMs);
	forwarder.show(low);
	clock.nowMs += 50;
	source(low, { index: 50, timestamp: 20_000 }).frame(true, 0);
	expect((sent[2]?.timestamp ?? 0) - (sent[1]?.timestamp ?? 0)).toBe(4500);
});

test("a layer nothing is reported of yet is waited for, but not long", () => {
	const { clock, sent, forwarder } = setUp();
	const track = new FakeTrack(vp8);
	const [low, high] = [track.layer({ ssrc: 1 }), track.layer({ ssrc: 2 })];
	const [a, b] = [source(low), source(high)];
	low.report(0xe0000000_00000000n, 3_000, clock.nowMs);
	forwarder.show(low);
	a.frame(true);
	forwarder.show(high);
	b.frame(true);
	expect([forwarder.current, high.keyframeRequests]).toEqual([low, 2]);
	a.frame();
	clock.nowMs += 1_600;
	b.frame(true);
	expect(forwarder.current).toBe(high);
	// One who takes turns with the first one needs no such thing: there is nothing to be seen of the first one meanwhile.
	const other = new FakeTrack(vp8).layer({ ssrc: 3 });
	forwarder.show(other);
	source(other).frame(true);
	expect(sent).toHaveLength(4);
});

test("sender reports tell how the times of two publishers relate, too", () => {
	const { clock, sent, forwarder } = setUp();
	const [one, other] = [new FakeTrack(vp8).layer({ ssrc: 1 }), new FakeTrack(vp8).layer({ ssrc: 2 })];
	one.report(0xe0000000_00000000n, 10_000, clock.nowMs);
	other.report(0xe0000000_1999999an, 509_000, clock.nowMs);
	forwarder.show(one);
	source(one, { timestamp: 10_000 }).frame(true, 0);
	forwarder.show(other);
	clock.nowMs += 120;
	source(other, { timestamp: 500_000 }).frame(true, 3600);
	expect((sent[1]?.timestamp ?? 0) - (sent[0]?.timestamp ?? 0)).toBe(3600);
});

test("padding leaves no gap, wherever it lies; late packets fill theirs once", () => {
	const { sent, forwarder } = setUp();
	const layer = new FakeTrack(vp8).layer();
	forwarder.show(layer);
	const packet = (index: number, keyframe = false) =>
		layer.deliver({
			index,
			timestamp: index * 3000,
			keyframe,
			payload: vp8Payload({ pictureId: index, tl0: 0, keyIndex: 0, start: true, keyframe, body: `${index}` }),
		});
	const padding = (index: number) => layer.deliver({ index, timestamp: 0, payload: "", padding: 20 });
	packet(10, true);
	padding(11);
	padding(12);
	packet(15);
	padding(16);
	packet(18);
	packet(14);
	packet(13);
	packet(14);
	packet(11);
	packet(9);
	// Padding that comes after what follows it has its place.
	padding(17);
	packet(19);
	const bodies = sent.map(({ outIndex, payload }) => [
		outIndex,
		payload.length === 20 ? "padding" : readVp8(payload).body,
	]);
	expect(bodies).toEqual([
		[1000, "10"],
		[1003, "15"],
		[1005, "18"],
		[1002, "14"],
		[1001, "13"],
		[1004, "padding"],
		[1006, "19"],
	]);
});

test("picture ids of 7 bits are counted on in 15", () => {
	const { sent, forwarder } = setUp();
	const layer = new FakeTrack(vp8).layer();
	forwarder.show(layer);
	const pictures = source(layer, { pictureId: 120, bits: 7 });
	pictures.frame(true);
	for (let count = 0; count < 300; count++) pictures.frame();
	const ids = sent.map(({ payload }) => readVp8(payload).pictureId);
	expect(ids).toEqual(ids.map((_, at) => 120 + at));
	expect(sent.map(({ payload }) => readVp8(payload).body)).toEqual(sent.map((_, at) => `${layer.ssrc}-${at}`));
});

test("without a start the first packet's own numbers are taken", () => {
	const { sent, forwarder } = setUp(null);
	const layer = new FakeTrack(vp8).layer();
	forwarder.show(layer);
	source(layer, { index: 70_000, timestamp: 123, pictureId: 7 }).frame(true, 0);
	expect(sent.map(({ outIndex, timestamp }) => [outIndex, timestamp])).toEqual([[70_000, 123]]);
});

test("what another track showed ends at once, and pausing ends all", () => {
	const { sent, forwarder } = setUp();
	const [one, two] = [new FakeTrack(vp8).layer({ ssrc: 1 }), new FakeTrack(vp8).layer({ ssrc: 2 })];
	const [a, b] = [source(one), source(two)];
	forwarder.show(one);
	a.frame(true);
	forwarder.show(two);
	a.frame();
	b.frame();
	expect(sent).toHaveLength(1);
	b.frame(true);
	forwarder.show(undefined);
	b.frame();
	expect([sent.length, one.consumers.size, two.consumers.size]).toEqual([2, 0, 0]);
	forwarder.show(two);
	b.frame();
	expect(sent).toHaveLength(2);
	b.frame(true);
	expect(sent.map(({ outIndex, payload }) => [outIndex, readVp8(payload).pictureId])).toEqual([
		[1000, 0],
		[1001, 1],
		[1002, 2],
	]);
});

const PADDING_BYTES = 3;

type Step =
	| { do: "frame"; source: number; packets: number; keyframe: boolean }
	| { do: "padding"; source: number }
	| { do: "deliver"; choice: number }
	| { do: "lose"; choice: number }
	| { do: "repeat"; choice: number }
	| { do: "show"; source: number }
	| { do: "wait"; ms: number };

const which = fc.nat({ max: 3 });
const choice = fc.nat({ max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({
			do: fc.constant("frame" as const),
			source: which,
			packets: fc.integer({ min: 1, max: 4 }),
			keyframe: fc.boolean(),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("padding" as const), source: which }) },
	{ weight: 12, arbitrary: fc.record({ do: fc.constant("deliver" as const), choice }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), choice }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("repeat" as const), choice }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("show" as const), source: which }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 200 }) }) },
);

/** Runs the steps against three layers of one track and one of another. */
function run(steps: Step[]) {
	const world = setUp();
	const track = new FakeTrack(vp8);
	const layers = [
		track.layer({ ssrc: 1 }),
		track.layer({ ssrc: 2 }),
		track.layer({ ssrc: 3 }),
		new FakeTrack(vp8).layer({ ssrc: 4 }),
	];
	const states = layers.map((_, at) => ({ index: 65_500 * at + 30, frame: 120 * at, timestamp: 1_000_000_000 * at }));
	const paddings = new Map<unknown, number[]>();
	const onTheWay: (() => void)[] = [];
	const delivered: (() => void)[] = [];
	for (const next of steps) {
		if (next.do === "wait") world.clock.nowMs += next.ms;
		else if (next.do === "show") world.forwarder.show(layers[next.source]);
		else if (next.do === "frame" || next.do === "padding") {
			const [layer, state] = [layers[next.source], states[next.source]];
			if (!layer || !state) continue;
			if (next.do === "padding") {
				paddings.set(layer, [...(paddings.get(layer) ?? []), state.index]);
				const packet = { index: state.index++, timestamp: state.timestamp, payload: "", padding: PADDING_BYTES };
				onTheWay.push(() => layer.deliver(packet));
				continue;
			}
			state.timestamp += 3000;
			state.frame++;
			// One width of picture ids for each source.
			const bits = next.source % 2 === 0 ? 7 : 15;
			for (let part = 0; part < next.packets; part++) {
				const body = JSON.stringify([layer.ssrc, state.index, state.frame, state.timestamp]);
				const packet = {
					index: state.index++,
					timestamp: state.timestamp,
					keyframe: next.keyframe && part === 0,
					payload: vp8Payload({
						pictureId: state.frame,
						bits,
						tl0: state.frame,
						keyIndex: state.frame,
						start: part === 0,
						keyframe: next.keyframe,
						body,
					}),
				};
				onTheWay.push(() => layer.deliver(packet));
			}
		} else {
			// Near the front of the line: reordering as networks do it.
			const at =
				next.do === "repeat" ? next.choice % (delivered.length || 1) : Math.min(next.choice % 8, onTheWay.length - 1);
			const packet = next.do === "repeat" ? delivered[at] : onTheWay.splice(Math.max(0, at), 1)[0];
			if (!packet || next.do === "lose") continue;
			packet();
			delivered.push(packet);
		}
	}
	return { sent: world.sent, paddings };
}

test("whatever the publishers, the network and the switches do, it stays one stream", () => {
	fc.assert(
		fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
			const { sent, paddings } = run(steps);
			expect(new Set(sent.map(({ outIndex }) => outIndex)).size).toBe(sent.length);
			let last: Media | undefined;
			for (const out of sent) {
				if (out.payload.length === PADDING_BYTES) continue;
				const here = mediaOf(out);
				if (last && isSameRun(last, here)) judgeStep(last, here, paddings);
				else if (last) {
					expect(out.outIndex).toBe(last.out.outIndex + 1);
					expect(out.timestamp - last.out.timestamp).toBeGreaterThan(0);
					expect(here.pictureId).toBe((last.pictureId + 1) & 0x7fff);
					expect(here.tl0).toBe((last.tl0 + 1) & 0xff);
					expect(here.keyIndex).toBe((last.keyIndex + 1) & 0x1f);
				}
				if (!last || out.outIndex > last.out.outIndex) last = here;
			}
		}),
		{ numRuns: 500 },
	);
});

interface Media extends ReturnType<typeof readVp8> {
	out: Sent;
	index: number;
	frame: number;
}

function mediaOf(out: Sent): Media {
	const numbers = readVp8(out.payload);
	const [, index, frame] = JSON.parse(numbers.body) as number[];
	return { ...numbers, out, index: index ?? 0, frame: frame ?? 0 };
}

/** Of the same layer, with no switch between. */
function isSameRun({ out: a }: Media, { out: b }: Media): boolean {
	return a.layer === b.layer && a.segment.timestampOffset === b.segment.timestampOffset;
}

/** Within a run all numbers move as the publisher's did, but for the sequence numbers of padding. */
function judgeStep(last: Media, here: Media, paddings: Map<unknown, number[]>): void {
	const frames = here.frame - last.frame;
	expect((here.pictureId - last.pictureId) & 0x7fff).toBe(frames & 0x7fff);
	expect((here.tl0 - last.tl0) & 0xff).toBe(frames & 0xff);
	expect((here.keyIndex - last.keyIndex) & 0x1f).toBe(frames & 0x1f);
	expect(here.out.timestamp - last.out.timestamp).toBe(frames * 3000);
	const [low, high] = [Math.min(last.index, here.index), Math.max(last.index, here.index)];
	const padding = (paddings.get(here.out.layer) ?? []).filter((index) => index > low && index < high).length;
	const step = Math.abs(here.out.outIndex - last.out.outIndex);
	expect(Math.sign(here.out.outIndex - last.out.outIndex)).toBe(Math.sign(here.index - last.index));
	expect(step).toBeLessThanOrEqual(high - low);
	expect(step).toBeGreaterThanOrEqual(high - low - padding);
}
