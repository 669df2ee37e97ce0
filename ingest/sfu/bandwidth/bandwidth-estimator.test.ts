import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TransportFeedback } from "../../rtp/transport-feedback-reader.ts";
import { TransportFeedbackWriter } from "../../rtp/transport-feedback-writer.ts";
import type { LinkConditions } from "../../test-support/simulated-link.ts";
import { type Sample, SimulatedSubscriber } from "../../test-support/simulated-subscriber.ts";
import { BandwidthEstimator } from "./bandwidth-estimator.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const TOP = 2;
/** The top layer, its audio and the margin of an upswitch. */
const TOP_LAYER_BPS = 1_600_000;
/** What the issue asks for. */
const DOWN_WITHIN_MS = 3000;
/** 15 s are asked for; a keyframe on a real path may take its time. */
const BACK_WITHIN_MS = 13_000;

const squeezes: [string, Partial<LinkConditions>][] = [
	["netem rate 600kbit, with its bottomless queue", { capacityBps: 600_000, queueBytes: 1_500_000 }],
	["tbf rate 600kbit, latency 50ms", { capacityBps: 600_000, queueBytes: 3_750 }],
	["tbf rate 600kbit, latency 400ms, burst 4k", { capacityBps: 600_000, queueBytes: 30_000, burstBytes: 4_000 }],
	["tbf rate 600kbit, latency 400ms, burst 32k", { capacityBps: 600_000, queueBytes: 30_000, burstBytes: 32_000 }],
	["rate 600kbit on a path with 10 ms of jitter", { capacityBps: 600_000, queueBytes: 100_000, jitterMs: 10 }],
	[
		"rate 600kbit on a path that loses 2 % as well",
		{ capacityBps: 600_000, queueBytes: 100_000, jitterMs: 20, lossFraction: 0.02 },
	],
	[
		"rate 600kbit on a path with 5 % loss and 30 ms of jitter",
		{ capacityBps: 600_000, queueBytes: 100_000, delayMs: 40, jitterMs: 30, lossFraction: 0.05 },
	],
];

describe.each(SEEDS)("seed %i", (seed) => {
	test("begins with the best layer, and keeps it", () => {
		const samples = new SimulatedSubscriber({ seed }).run(30_000);
		expect(layers(later(samples, 500))).toEqual([TOP]);
	});

	test("finds out at once that the network is too small for a beginning like that", () => {
		const samples = new SimulatedSubscriber({ seed }).run(30_000, { capacityBps: 600_000 });
		expect(Math.max(...layers(later(samples, DOWN_WITHIN_MS)))).toBeLessThan(TOP);
	});

	test.each(squeezes)("goes down and comes back: %s", (_, squeeze) => {
		const subscriber = new SimulatedSubscriber({ seed });
		subscriber.run(10_000);
		const squeezed = subscriber.run(30_000, squeeze);
		expect(Math.max(...layers(later(squeezed, DOWN_WITHIN_MS)))).toBeLessThan(TOP);
		// Never nothing, and no queue that stays.
		expect(Math.min(...layers(squeezed))).toBeGreaterThanOrEqual(0);
		expect(median(later(squeezed, 6000).map(({ queueMs }) => queueMs))).toBeLessThan(100);

		// The path stays what it is, with all the capacity in the world.
		const released = subscriber.run(40_000, { ...squeeze, capacityBps: 1e8 });
		expect(layers(later(released, BACK_WITHIN_MS))).toEqual([TOP]);
	});

	test("is not impressed by random loss and jitter", () => {
		const subscriber = new SimulatedSubscriber({ seed });
		const conditions = { delayMs: 40, jitterMs: 30, lossFraction: 0.05 };
		const samples = [
			...subscriber.run(120_000, conditions),
			...subscriber.run(10_000),
			...subscriber.run(60_000, conditions),
		];
		expect(Math.min(...samples.map(({ estimateBps }) => estimateBps))).toBeGreaterThan(TOP_LAYER_BPS);
		expect(layers(later(samples, 500))).toEqual([TOP]);
	});

	test("does not swing where the middle layer fits and the best does not", () => {
		const subscriber = new SimulatedSubscriber({ seed });
		subscriber.run(10_000);
		subscriber.run(5000, { capacityBps: 750_000, queueBytes: 60_000 });
		const samples = subscriber.run(60_000, { capacityBps: 750_000, queueBytes: 60_000 });
		expect(switches(samples)).toBeLessThanOrEqual(2);
		expect(samples.filter((sample) => sample.layers[0] === 1).length).toBeGreaterThan(0.9 * samples.length);
	});

	test("an interruption of three seconds tells nothing of the capacity", () => {
		const subscriber = new SimulatedSubscriber({ seed });
		subscriber.run(10_000);
		subscriber.run(3000, { lossFraction: 1 });
		const samples = subscriber.run(10_000);
		expect(layers(samples)).toEqual([TOP]);
	});

	test("probes its way up for a whole stage, and down again in order", () => {
		const subscriber = new SimulatedSubscriber({ seed, slots: 6 });
		const open = subscriber.run(20_000);
		expect(open.at(-1)?.layers).toEqual([2, 2, 2, 2, 2, 2]);
		const narrow = subscriber.run(30_000, { capacityBps: 4_000_000, queueBytes: 200_000 });
		for (const sample of later(narrow, 4000)) {
			expect(Math.min(...sample.layers)).toBeGreaterThanOrEqual(0);
			expect(sample.layers[0]).toBe(TOP);
		}
		expect(median(later(narrow, 6000).map(({ queueMs }) => queueMs))).toBeLessThan(100);
	});
});

test("sends no padding when nothing better is to be had, and little otherwise", () => {
	const content = new SimulatedSubscriber({ seed: 1 });
	content.run(60_000);
	expect(content.paddingBytes).toBe(0);
	const squeezed = new SimulatedSubscriber({ seed: 1 });
	squeezed.run(120_000, { capacityBps: 600_000 });
	expect(squeezed.paddingBytes).toBeLessThan(0.3 * squeezed.mediaBytes);
});

test("gives up probing, nearly, where padding cannot be sent", () => {
	const subscriber = new SimulatedSubscriber({ seed: 1 });
	subscriber.paddingPossible = false;
	subscriber.run(60_000, { capacityBps: 600_000 });
	expect(subscriber.probes).toBeGreaterThan(2);
	expect(subscriber.probes).toBeLessThan(20);
});

test("takes what a peer without transport feedback says", () => {
	const estimator = new BandwidthEstimator({ initialBps: 2_000_000 });
	estimator.onRemb(700_000, 1000);
	expect(estimator.estimateBps).toBe(700_000);
	// The peer counts the loss in already.
	estimator.onReport(0.5, 40, 1100);
	expect(estimator.estimateBps).toBe(700_000);
	expect(estimator.lossFraction).toBe(0.5);
	estimator.onRemb(1e18, 1200);
	expect(estimator.estimateBps).toBe(50_000_000);
});

test("goes by the loss of receiver reports where there is nothing else", () => {
	const estimator = new BandwidthEstimator({ initialBps: 1_000_000 });
	let now = 0;
	const report = (loss: number, seconds: number): number => {
		for (let second = 0; second < seconds; second++) {
			now += 1000;
			estimator.onReport(loss, 30, now);
		}
		return estimator.estimateBps;
	};
	expect(report(0, 10)).toBeGreaterThan(1_900_000);
	const before = estimator.estimateBps;
	expect(report(0.05, 10)).toBe(before);
	expect(report(0.4, 3)).toBeLessThan(0.55 * before);
	expect(report(1, 100)).toBe(80_000);
});

test("transport feedback counts for more than the rest", () => {
	const estimator = new BandwidthEstimator();
	const writer = new TransportFeedbackWriter({ senderSsrc: 1 });
	for (let sequence = 0; sequence < 50; sequence++) {
		estimator.onSent(sequence, 1000, sequence);
		writer.onPacket(sequence, sequence + 20);
	}
	const feedback = new TransportFeedback();
	for (const packet of writer.take(80)) {
		feedback.read(packet);
		estimator.onFeedback(feedback, 100);
	}
	expect(estimator.roundTripMs).toBe(51);
	const { estimateBps } = estimator;
	estimator.onRemb(100_000, 200);
	estimator.onReport(0.9, 500, 200);
	expect(estimator.estimateBps).toBe(estimateBps);
	expect(estimator.roundTripMs).toBe(51);
});

test("does not count as lost what came late, when the report that said so was lost", () => {
	const estimator = new BandwidthEstimator();
	const writer = new TransportFeedbackWriter({ senderSsrc: 1, intervalMs: 50 });
	const feedback = new TransportFeedback();
	let reports = 0;
	for (let sequence = 0; sequence < 1000; sequence++) {
		const now = sequence * 5;
		estimator.onSent(sequence, 1000, now);
		// The last but one of every ten comes after the report that ends with the last.
		if (sequence % 10 !== 8) writer.onPacket(sequence, now + 1);
		if (sequence % 10 === 1 && sequence > 10) writer.onPacket(sequence - 3, now + 2);
		if (sequence % 10 !== 9) continue;
		for (const packet of writer.take(now + 3)) {
			if (reports++ % 3 === 2) continue;
			feedback.read(packet);
			estimator.onFeedback(feedback, now + 4);
		}
	}
	expect(reports).toBeGreaterThan(90);
	expect(estimator.lossFraction).toBe(0);
	expect(estimator.estimateBps).toBeGreaterThan(2_000_000);
});

test("stands any feedback, in bounded time and within its bounds", () => {
	const status = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 500 }) }, fc.integer());
	const report = fc.record({
		baseSequence: fc.nat(0xffff),
		reference: fc.nat(0xffffff),
		reportCount: fc.nat(0xff),
		arrivals: fc.array(status, { maxLength: 200 }),
		wait: fc.integer({ min: 0, max: 3000 }),
		sent: fc.integer({ min: 0, max: 100 }),
	});
	const feedback = new TransportFeedback();
	fc.assert(
		fc.property(fc.array(report, { maxLength: 40 }), (reports) => {
			const estimator = new BandwidthEstimator();
			estimator.wantedBps = 20_000_000;
			let now = 0;
			let sequence = 65_500;
			for (const { arrivals, wait, sent, ...fields } of reports) {
				for (let at = 0; at < sent; at++) estimator.onSent(sequence++ & 0xffff, 1200, now + at / 10);
				now += wait;
				Object.assign(feedback, fields, { count: arrivals.length });
				feedback.arrivals.set(arrivals);
				estimator.onFeedback(feedback, now);
				const due = estimator.paddingDue(now);
				expect(due).toBeGreaterThanOrEqual(0);
				expect(due).toBeLessThan(200_000);
				expect(estimator.estimateBps).toBeGreaterThanOrEqual(80_000);
				expect(estimator.estimateBps).toBeLessThanOrEqual(50_000_000);
			}
		}),
		{ numRuns: 300 },
	);
});

function later(samples: Sample[], ms: number): Sample[] {
	const startMs = samples[0]?.atMs ?? 0;
	return samples.filter(({ atMs }) => atMs >= startMs + ms);
}

/** Of the first slot, each once. */
function layers(samples: Sample[]): number[] {
	return [...new Set(samples.map((sample) => sample.layers[0] ?? -1))].filter(
		// Nothing has been sent before the first choice.
		(layer, _, all) => layer >= 0 || all.length === 1 || samples[0]?.layers[0] !== -1,
	);
}

function switches(samples: Sample[]): number {
	return samples.filter((sample, at) => at > 0 && sample.layers[0] !== samples[at - 1]?.layers[0]).length;
}

function median(values: number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
