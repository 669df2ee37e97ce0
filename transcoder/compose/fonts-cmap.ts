import { brotliDecompressSync, inflateSync } from "node:zlib";

/** Index of "cmap" among the tags a WOFF 2 file knows, and of those that are transformed unless it says otherwise. */
const CMAP = 0;
const GLYF_AND_LOCA = [10, 11];

/** The code points a font file (WOFF or WOFF 2) has glyphs for. Its package's lists promise more. */
export function codePointsOf(file: Buffer): Set<number> {
	const table = file.toString("latin1", 0, 4) === "wOF2" ? cmapOfWoff2(file) : cmapOfWoff(file);
	const codePoints = new Set<number>();
	if (!table) return codePoints;
	for (let index = 0; index < table.readUInt16BE(2); index++) {
		const subtable = table.subarray(table.readUInt32BE(4 + index * 8 + 4));
		const format = subtable.readUInt16BE(0);
		if (format === 4) addSegments(subtable, codePoints);
		else if (format === 12) addGroups(subtable, codePoints);
	}
	return codePoints;
}

/** https://www.w3.org/TR/WOFF/ */
function cmapOfWoff(file: Buffer): Buffer | undefined {
	for (let index = 0; index < file.readUInt16BE(12); index++) {
		const at = 44 + index * 20;
		if (file.toString("latin1", at, at + 4) !== "cmap") continue;
		const [offset, packed, original] = [4, 8, 12].map((field) => file.readUInt32BE(at + field)) as [
			number,
			number,
			number,
		];
		const table = file.subarray(offset, offset + packed);
		return packed < original ? inflateSync(table) : table;
	}
	return undefined;
}

/** https://www.w3.org/TR/WOFF2/: one compressed stream with all tables, in the order of its directory. */
function cmapOfWoff2(file: Buffer): Buffer | undefined {
	let at = 48;
	const base128 = () => {
		let value = 0;
		for (let more = true; more; at++) {
			const byte = file.readUInt8(at);
			value = value * 128 + (byte & 0x7f);
			more = byte >= 0x80;
		}
		return value;
	};
	let offset = 0;
	let found: { start: number; end: number } | undefined;
	for (let index = 0; index < file.readUInt16BE(12); index++) {
		const flags = file.readUInt8(at++);
		const tag = flags & 0x3f;
		if (tag === 0x3f) at += 4;
		const version = flags >> 6;
		const original = base128();
		const isTransformed = GLYF_AND_LOCA.includes(tag) ? version !== 3 : version !== 0;
		const length = isTransformed ? base128() : original;
		if (tag === CMAP) found = { start: offset, end: offset + length };
		offset += length;
	}
	return found && brotliDecompressSync(file.subarray(at, at + file.readUInt32BE(20))).subarray(found.start, found.end);
}

/** OpenType, cmap format 4: a glyph of 0 is none. */
function addSegments(table: Buffer, codePoints: Set<number>): void {
	const doubled = table.readUInt16BE(6);
	for (let at = 14; at < 14 + doubled; at += 2) {
		const last = table.readUInt16BE(at);
		const firstAt = at + doubled + 2;
		const delta = table.readUInt16BE(firstAt + doubled);
		const rangeAt = firstAt + 2 * doubled;
		const range = table.readUInt16BE(rangeAt);
		for (let code = table.readUInt16BE(firstAt); code <= last && code < 0xffff; code++) {
			const inRange =
				range === 0 ? code : table.readUInt16BE(rangeAt + range + (code - table.readUInt16BE(firstAt)) * 2);
			const glyph = range !== 0 && inRange === 0 ? 0 : (inRange + delta) & 0xffff;
			if (glyph !== 0) codePoints.add(code);
		}
	}
}

/** OpenType, cmap format 12. */
function addGroups(table: Buffer, codePoints: Set<number>): void {
	for (let index = 0; index < table.readUInt32BE(12); index++) {
		const at = 16 + index * 12;
		for (let code = table.readUInt32BE(at); code <= table.readUInt32BE(at + 4); code++) codePoints.add(code);
	}
}
