import type { Size } from "../programme-format.ts";

/** What a PNG, JPEG or WebP says of itself, without decoding it; undefined for anything else. */
export function imageSize(file: Buffer): Size | undefined {
	try {
		return pngSize(file) ?? webpSize(file) ?? jpegSize(file);
	} catch (error) {
		// It ends within a field.
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function pngSize(file: Buffer): Size | undefined {
	if (!file.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"))) return undefined;
	return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
}

/** RFC 9649. */
function webpSize(file: Buffer): Size | undefined {
	if (file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WEBP") return undefined;
	const chunk = file.toString("latin1", 12, 16);
	if (chunk === "VP8X") return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
	if (chunk === "VP8 ") return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
	if (chunk !== "VP8L") return undefined;
	const bits = file.readUInt32LE(21);
	return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** ITU-T T.81, annex B: the size stands in the frame header, after segments of any number and length. */
function jpegSize(file: Buffer): Size | undefined {
	if (file.readUInt16BE(0) !== 0xffd8) return undefined;
	for (let at = 2; ; ) {
		if (file.readUInt8(at) !== 0xff) return undefined;
		const marker = file.readUInt8(at + 1);
		const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
		if (isFrame) return { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
		if (marker === 0xff) at += 1;
		else if (marker === 0xd9 || marker === 0xda) return undefined;
		else at += 2 + Math.max(2, file.readUInt16BE(at + 2));
	}
}
