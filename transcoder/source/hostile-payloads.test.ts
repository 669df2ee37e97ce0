import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absurdKeyframes } from "../test-support/mischief.ts";
import { type AccessUnit, MAX_ACCESS_UNIT_BYTES, type VideoDepacketizer } from "./access-unit.ts";
import { Av1Depacketizer } from "./av1-depacketizer.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import type { VideoCodec } from "./video-decoder.ts";
import { Vp8Depacketizer } from "./vp8-depacketizer.ts";
import { Vp9Depacketizer } from "./vp9-depacketizer.ts";

const SEED = 4;
const RUNS = 300;
/** An access unit is made of what was pushed, and start codes, sizes or an index. */
const MAX_ADDED_BYTES = 64 * 1024;

const codecs: { name: VideoCodec; create(): VideoDepacketizer; corpus: string[] }[] = [
	{
		name: "VP8",
		create: () => new Vp8Depacketizer(),
		corpus: ["1050020a9d012a80026801aabb", "00cc", "9080115107", "90809122", "90f09122334451", "90ff", "10"],
	},
	{
		name: "H264",
		create: () => new H264Depacketizer(),
		corpus: [
			"6742c01ed900a02ff970110000030001000003003c0f162e48",
			"1800196742c01ed900a02ff970110000030001000003003c0f162e48000468ce3c80",
			"7c851111",
			"7c052222",
			"7c453333",
			"18ffff67",
			"419a01",
		],
	},
	{
		name: "VP9",
		create: () => new Vp9Depacketizer(),
		corpus: [
			"0c8249834200281016960638",
			"ac8501028249834200281016960638",
			"0e3b0280016802800168ff548800",
			"5c03030300aa",
			"08aa",
			"04aa",
			"0e1b",
		],
	},
	{
		name: "AV1",
		create: () => new Av1Depacketizer(),
		corpus: [
			"280c080000000cc5036936be40103010aa",
			"080c080000000cc5036936be4010033010aa",
			"5030aa",
			"90aabb",
			"00ffffff7f",
			"1032ffffffff0f",
			"1008ffffffffffffffffffffffff",
		],
	},
];

/** Bytes of any kind, what the format knows, and that with bits turned, ends cut off and other things behind. */
function payloads(corpus: string[]): fc.Arbitrary<Buffer> {
	const known = fc.constantFrom(...corpus).map((hex) => Buffer.from(hex, "hex"));
	const mutated = fc
		.tuple(
			known,
			fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }),
			fc.nat(60),
			fc.uint8Array({ maxLength: 30 }),
		)
		.map(([bytes, changes, length, tail]) => {
			const changed = Buffer.concat([bytes.subarray(0, length), tail]);
			for (const [at, by] of changes) if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ by;
			return changed;
		});
	return fc.oneof(
		known,
		mutated,
		fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
	);
}

const packets = (corpus: string[]) =>
	fc.array(
		fc.record({
			payload: payloads(corpus),
			marker: fc.boolean(),
			timestamp: fc.oneof(fc.nat(3), fc.constantFrom(0, 0xffff_ffff, 0x8000_0000)),
			lost: fc.boolean(),
		}),
		{ maxLength: 60 },
	);

describe.each(codecs)("$name", ({ name, create, corpus }) => {
	it("throws at nothing, and gives no more than was pushed", () => {
		fc.assert(
			fc.property(packets(corpus), (sequence) => {
				const depacketizer = create();
				let pushed = 0;
				let given = 0;
				for (const { lost, ...packet } of sequence) {
					if (lost) depacketizer.reset();
					pushed += packet.payload.length;
					for (const unit of depacketizer.push(packet)) given += checked(unit).data.length;
				}
				expect(given).toBeLessThanOrEqual(pushed * 8 + 64);
			}),
			{ seed: SEED, numRuns: RUNS },
		);
	});

	it("is whole again with the next good picture", () => {
		fc.assert(
			fc.property(packets(corpus), (sequence) => {
				const depacketizer = create();
				for (const packet of sequence) depacketizer.push({ ...packet, timestamp: 1 });
				const payload = Buffer.from(corpus[0] ?? "", "hex");
				expect(depacketizer.push({ payload, marker: true, timestamp: 2 }).at(-1)?.data.length).toBeGreaterThan(0);
			}),
			{ seed: SEED, numRuns: RUNS },
		);
	});

	it("collects neither bytes nor packets without end", () => {
		for (const size of [0, 1, 60_000]) {
			const depacketizer = create();
			const payload = Buffer.concat([Buffer.from(corpus[0] ?? "", "hex"), Buffer.alloc(size)]);
			for (let index = 0; index < 20_000; index++) {
				for (const unit of depacketizer.push({ payload: begun(payload, index), marker: false, timestamp: 1 }))
					checked(unit);
			}
			expect(depacketizer.push({ payload: begun(payload, 1), marker: true, timestamp: 1 })).toEqual([]);
		}
	});

	it("tells an absurd size, so that no decoder has to allocate for it", () => {
		const [unit] = create().push({ payload: Buffer.from(absurdKeyframes[name], "hex"), marker: true, timestamp: 1 });
		expect(Math.max(unit?.size?.width ?? 0, unit?.size?.height ?? 0)).toBeGreaterThanOrEqual(16_000);
	});
});

/** In every format a picture that has begun, and does not end. */
function begun(payload: Buffer, index: number): Buffer {
	if (index === 0) return payload;
	const next = Buffer.from(payload);
	next[0] = 0;
	return next;
}

function checked(unit: AccessUnit): AccessUnit {
	expect(unit.data.length).toBeGreaterThan(0);
	expect(unit.data.length).toBeLessThan(MAX_ACCESS_UNIT_BYTES + MAX_ADDED_BYTES);
	return unit;
}
