import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOT_ARRIVED, TransportFeedback } from "./transport-feedback-reader.ts";
import { TransportFeedbackWriter } from "./transport-feedback-writer.ts";

/** Sequence to arrival in ms after the reference's zero, in the order of the reports. */
function read(packets: Buffer[], into = new Map<number, number>()): Map<number, number> {
	const feedback = new TransportFeedback();
	for (const packet of packets) {
		expect(feedback.read(packet)).toBe(true);
		for (let index = 0; index < feedback.count; index++) {
			const ticks = feedback.arrivals[index] ?? NOT_ARRIVED;
			const sequence = (feedback.baseSequence + index) & 0xffff;
			if (ticks !== NOT_ARRIVED) into.set(sequence, feedback.reference * 64 + ticks / 4);
			else if (!into.has(sequence)) into.set(sequence, Number.NaN);
		}
	}
	return into;
}

// What Chrome sent, as it stands in the tests of several RTCP libraries.
const ONE_PACKET = "afcd0005fa17fa1743032fa0009900013de8021720019401";
const NEGATIVE_DELTA = "afcd0006fa17fa17193dd8bb0174000245b15a40d800f0ffd0000003";

describe("the bytes are those of libwebrtc", () => {
	test("one packet", () => {
		const writer = new TransportFeedbackWriter({ senderSsrc: 0xfa17fa17, mediaSsrc: 0x43032fa0 });
		countTo(writer, 23);
		writer.onPacket(153, 4_057_090 * 64 + 37);
		const [packet] = writer.take(1e9);
		expect(packet?.toString("hex")).toBe(ONE_PACKET);
	});

	test("a packet that overtook the one before it", () => {
		const writer = new TransportFeedbackWriter({ senderSsrc: 0xfa17fa17, mediaSsrc: 0x193dd8bb });
		countTo(writer, 64);
		writer.onPacket(372, 4_567_386 * 64 + 60);
		writer.onPacket(373, 4_567_386 * 64 + 48);
		expect(writer.take(1e9).map((packet) => packet.toString("hex"))).toEqual([NEGATIVE_DELTA]);
	});

	/** Makes `reports` reports of earlier packets, far enough away to leave the window to what follows. */
	function countTo(writer: TransportFeedbackWriter, reports: number): void {
		for (let report = 0; report < reports; report++) {
			writer.onPacket(report === reports - 1 ? 152 + (reports > 30 ? 219 : 0) : report, report);
			expect(writer.take(1000 * report)).toHaveLength(1);
		}
	}
});

describe("the writer", () => {
	const writerOf = (): TransportFeedbackWriter => new TransportFeedbackWriter({ senderSsrc: 1, mediaSsrc: 2 });

	test("is silent without packets, and between reports", () => {
		const writer = writerOf();
		expect(writer.take(0)).toEqual([]);
		writer.onPacket(1, 1);
		expect(writer.take(10)).toHaveLength(1);
		writer.onPacket(2, 11);
		expect(writer.take(59)).toEqual([]);
		expect(writer.take(60)).toHaveLength(1);
		expect(writer.take(200)).toEqual([]);
	});

	test("goes on over the wrap, and counts what is missing between reports", () => {
		const writer = writerOf();
		for (const [sequence, at] of [
			[65_533, 1000],
			[65_534, 1001],
			[65_535, 1001.5],
			[1, 1003],
		] as const)
			writer.onPacket(sequence, at);
		const first = writer.take(1003);
		writer.onPacket(4, 1010);
		const known = read([...first, ...writer.take(1100)]);
		expect([...known]).toEqual([
			[65_533, 1000],
			[65_534, 1001],
			[65_535, 1001.5],
			[0, Number.NaN],
			[1, 1003],
			[2, Number.NaN],
			[3, Number.NaN],
			[4, 1010],
		]);
	});

	test("takes back what it said of a packet that came late, and counts duplicates once", () => {
		const writer = writerOf();
		for (const sequence of [10, 12, 13]) writer.onPacket(sequence, 100 + sequence);
		const known = read(writer.take(120));
		expect(known.get(11)).toBeNaN();
		writer.onPacket(11, 130);
		writer.onPacket(12, 131);
		writer.onPacket(14, 132);
		read(writer.take(200), known);
		expect([...known]).toEqual([
			[10, 110],
			[11, 130],
			[12, 112],
			[13, 113],
			[14, 132],
		]);
	});

	test("begins another report where a delta does not fit, or a datagram is full", () => {
		const writer = writerOf();
		writer.onPacket(1, 0);
		writer.onPacket(2, 8191.75);
		writer.onPacket(3, 16_383.75);
		const packets = writer.take(20_000);
		expect(packets).toHaveLength(2);
		expect([...read(packets)]).toEqual([
			[1, 0],
			[2, 8191.75],
			[3, 16_383.75],
		]);

		for (let sequence = 4; sequence < 2004; sequence++) writer.onPacket(sequence, 20_000 + 70 * (sequence & 1));
		const many = writer.take(30_000);
		expect(many.length).toBeGreaterThan(3);
		expect(Math.max(...many.map((packet) => packet.length))).toBeLessThanOrEqual(1110);
		expect(read(many).size).toBe(2000);
	});

	test("finds its way after an outage of half the circle and more", () => {
		const writer = writerOf();
		writer.onPacket(100, 0);
		writer.take(0);
		const known = new Map<number, number>();
		for (let sequence = 50_000; sequence < 50_010; sequence++) writer.onPacket(sequence, sequence);
		read(writer.take(60_000), known);
		expect(known.get(50_009)).toBe(50_009);
	});

	test("does bounded work for a sender that jumps", () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 300 }), (sequences) => {
				const writer = writerOf();
				sequences.forEach((sequence, at) => {
					writer.onPacket(sequence, at);
				});
				const packets = writer.take(1000);
				expect(packets.length).toBeLessThan(20);
				// Whatever came last in the window is told, and every report is sound.
				expect(read(packets).size).toBeLessThanOrEqual(2 * 4096);
			}),
			{ numRuns: 300 },
		);
	});
});

test("what the writer says is what the reader hears", () => {
	const step = fc.record({
		// Mostly in order, with losses, duplicates and reordering.
		skip: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: -40, max: 400 })),
		// In 250 µs.
		wait: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }) }, fc.integer({ min: 0, max: 50_000 })),
		take: fc.boolean(),
	});
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 65_535 }), fc.array(step, { maxLength: 400 }), (first, steps) => {
			const writer = new TransportFeedbackWriter({ senderSsrc: 1, intervalMs: 0 });
			const sent = new Map<number, number>();
			const heard = new Map<number, number>();
			let sequence = 70_000 + first;
			let ticks = 1_000_000;
			for (const { skip, wait, take } of steps) {
				sequence += skip;
				ticks += wait;
				writer.onPacket(sequence & 0xffff, ticks / 4);
				if (!sent.has(sequence & 0xffff)) sent.set(sequence & 0xffff, ticks / 4);
				if (take) read(writer.take(ticks / 4), heard);
			}
			read(writer.take(ticks / 4), heard);
			// Not those that fell out of the window: the highest skips no more than 400 packets at a time.
			if (sequence - 70_000 - first < 4096) {
				const arrived = new Map([...heard].filter(([, at]) => !Number.isNaN(at)));
				expect(arrived).toEqual(sent);
			}
		}),
		{ numRuns: 500 },
	);
});

describe("the reader", () => {
	test("reads what Chrome sent", () => {
		const feedback = new TransportFeedback();
		expect(feedback.read(Buffer.from(NEGATIVE_DELTA, "hex"))).toBe(true);
		expect(feedback).toMatchObject({
			senderSsrc: 0xfa17fa17,
			mediaSsrc: 0x193dd8bb,
			baseSequence: 372,
			count: 2,
			reference: 4_567_386,
			reportCount: 64,
		});
		expect([...feedback.arrivals.subarray(0, 2)]).toEqual([240, 192]);
	});

	test("holds nothing of a report that is cut, or says more than it has", () => {
		const whole = Buffer.from(NEGATIVE_DELTA, "hex");
		const feedback = new TransportFeedback();
		for (let length = 0; length < 25; length++)
			expect(feedback.read(whole.subarray(0, length)), `${length}`).toBe(false);
		const reserved = Buffer.from("8fcd000500000001000000020001000100000000" + "6001" + "0101", "hex");
		expect(feedback.read(reserved)).toBe(false);
		const padded = Buffer.from(whole);
		padded[padded.length - 1] = 255;
		expect(feedback.read(padded)).toBe(false);
		expect(feedback.count).toBe(0);
	});

	test("stands any bytes", () => {
		const feedback = new TransportFeedback();
		const header = Buffer.from("8fcd0005000000010000000200010000", "hex");
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 1400 }), fc.boolean(), fc.nat(0xffff), (bytes, sound, count) => {
				header.writeUInt16BE(count, 14);
				const packet = sound ? Buffer.concat([header, bytes]) : Buffer.from(bytes);
				const good = feedback.read(packet);
				expect(feedback.count).toBeLessThanOrEqual(8192);
				expect(good).toBe(feedback.count > 0);
			}),
			{ numRuns: 2000 },
		);
	});
});
