import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";

/** Not read by Skia, and nine tenths of the file: the same glyphs as SVG. */
const LEFT_OUT = "SVG ";

/**
 * An emoji font out of its WOFF (https://www.w3.org/TR/WOFF/) without what is not needed: the whole takes ten times as long to
 * open, which would hold the programme up.
 */
export function unpackEmojiFont(path: string): Buffer {
	const woff = readFileSync(path);
	const tables = Array.from({ length: woff.readUInt16BE(12) }, (_, index) => {
		const at = 44 + index * 20;
		const [offset, compressed, original, checksum] = [4, 8, 12, 16].map((field) => woff.readUInt32BE(at + field)) as [
			number,
			number,
			number,
			number,
		];
		return {
			tag: woff.toString("latin1", at, at + 4),
			packed: woff.subarray(offset, offset + compressed),
			original,
			checksum,
		};
	}).filter(({ tag }) => tag !== LEFT_OUT);
	const largestPower = 2 ** Math.floor(Math.log2(tables.length));
	const header = Buffer.alloc(12 + tables.length * 16);
	header.writeUInt32BE(woff.readUInt32BE(4), 0);
	header.writeUInt16BE(tables.length, 4);
	header.writeUInt16BE(largestPower * 16, 6);
	header.writeUInt16BE(Math.log2(largestPower), 8);
	header.writeUInt16BE((tables.length - largestPower) * 16, 10);
	const parts: Buffer[] = [header];
	let offset = header.length;
	for (const [index, { tag, packed, original, checksum }] of tables.entries()) {
		const data = packed.length < original ? inflateSync(packed) : packed;
		const at = 12 + index * 16;
		header.write(tag, at, "latin1");
		header.writeUInt32BE(checksum, at + 4);
		header.writeUInt32BE(offset, at + 8);
		header.writeUInt32BE(data.length, at + 12);
		const padding = Buffer.alloc(-data.length & 3);
		parts.push(data, padding);
		offset += data.length + padding.length;
	}
	return Buffer.concat(parts);
}
