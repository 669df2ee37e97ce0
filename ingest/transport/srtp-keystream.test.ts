import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyRun, KeystreamSource } from "./srtp-keystream.ts";

const key = Buffer.from("2B7E151628AED2A6ABF7158809CF4F3C", "hex");
const salt = Buffer.from("F0F1F2F3F4F5F6F7F8F9FAFBFCFD", "hex");

function found(source: KeystreamSource, offset: number, bytes: number): string {
	return Buffer.from(source.words.buffer, source.words.byteOffset + offset * 4, bytes).toString("hex");
}

/** As RFC 3711 section 4.1.1 says it, a cipher for each packet. */
function expected(ssrc: number, index: number, bytes: number): string {
	const iv = Buffer.concat([salt, Buffer.alloc(2)]);
	const packet = Buffer.alloc(16);
	packet.writeUInt32BE(ssrc, 4);
	packet.writeUInt32BE(Math.floor(index / 0x10000), 8);
	packet.writeUInt16BE(index % 0x10000, 12);
	for (let at = 0; at < 16; at++) iv.writeUInt8(iv.readUInt8(at) ^ packet.readUInt8(at), at);
	return createCipheriv("aes-128-ctr", key, iv).update(Buffer.alloc(bytes)).toString("hex");
}

test("the keystream is that of RFC 3711 appendix B.2", () => {
	const source = new KeystreamSource(key, salt);
	const bytes = 0xff02 * 16;
	const stream = found(source, source.find(undefined, 0, 0, bytes), bytes).toUpperCase();
	expect(stream.slice(0, 96)).toBe(
		"E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0",
	);
	expect(stream.slice(-96)).toBe(
		"EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44",
	);
});

test("each packet has its own keystream, in whatever order and size packets of several streams come", () => {
	const packet = fc.record({
		stream: fc.nat(1),
		step: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: -40, max: 40 })),
		bytes: fc.oneof(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 1500, max: 9000 })),
	});
	const start = fc.constantFrom<number[]>(0, 65_500, 0xffff_ffff, 0x1_0000_0000);
	fc.assert(
		fc.property(start, fc.array(packet, { maxLength: 150 }), (first, packets) => {
			const source = new KeystreamSource(key, salt);
			const runs = [emptyRun(), emptyRun()];
			const at = [first, first];
			for (const { stream, step, bytes } of packets) {
				const index = Math.max(0, (at[stream] ?? 0) + step);
				at[stream] = index;
				const ssrc = 0xfedc_ba98 + stream;
				const offset = source.find(runs[stream], ssrc, index, bytes);
				expect(found(source, offset, bytes)).toBe(expected(ssrc, index, bytes));
			}
		}),
		{ numRuns: 60 },
	);
});

test("what is kept ahead fits the packets of the stream, and is not kept for the first", () => {
	const source = new KeystreamSource(key, salt);
	const kept = (bytes: number) => {
		const run = emptyRun();
		source.find(run, 1, 100, bytes);
		expect(run.words).toBeUndefined();
		for (let index = 101; index < 200; index++) source.find(run, 1, index, bytes);
		return run.words?.byteLength ?? 0;
	};
	expect(kept(160)).toBe(16 * 160);
	expect(kept(1138)).toBe(16 * 1152);
	expect(kept(9000)).toBe(0);
});
