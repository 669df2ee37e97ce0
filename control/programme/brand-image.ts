import type { BrandImageType } from "../../core/protocol/brand.ts";

export interface ImageFacts {
	type: BrandImageType;
	/** 0 where the file does not say. */
	width: number;
	height: number;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);
const unknownSize = { width: 0, height: 0 };

/** What an image is by its first bytes, without decoding it. Undefined: neither PNG, JPEG nor WebP. */
export function inspectImage(bytes: Buffer): ImageFacts | undefined {
	if (startsWith(bytes, PNG_SIGNATURE)) return { type: "image/png", ...pngSize(bytes) };
	if (startsWith(bytes, JPEG_START)) return { type: "image/jpeg", ...jpegSize(bytes) };
	if (text(bytes, 0) === "RIFF" && text(bytes, 8) === "WEBP") return { type: "image/webp", ...webpSize(bytes) };
	return undefined;
}

type Size = Pick<ImageFacts, "width" | "height">;

/** PNG (ISO/IEC 15948), 11.2.2: IHDR comes first. */
function pngSize(bytes: Buffer): Size {
	if (bytes.length < 24 || text(bytes, 12) !== "IHDR") return unknownSize;
	return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** JPEG (ITU-T T.81), B.1 and B.2.2: segments up to the frame header, whichever of the SOFn it is. */
function jpegSize(bytes: Buffer): Size {
	let at = 2;
	while (at + 9 <= bytes.length && bytes[at] === 0xff) {
		const marker = bytes[at + 1] ?? 0;
		// Fill bytes may stand before any marker.
		if (marker === 0xff) {
			at += 1;
			continue;
		}
		const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
		if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
		at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
	}
	return unknownSize;
}

/** WebP (RFC 9649), 2.5 to 2.7: the first chunk is of one of three kinds. */
function webpSize(bytes: Buffer): Size {
	if (bytes.length < 30) return unknownSize;
	const kind = text(bytes, 12);
	if (kind === "VP8X") return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
	if (kind === "VP8 ") return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
	if (kind !== "VP8L" || bytes[20] !== 0x2f) return unknownSize;
	const sides = bytes.readUInt32LE(21);
	return { width: (sides & 0x3fff) + 1, height: ((sides >>> 14) & 0x3fff) + 1 };
}

function startsWith(bytes: Buffer, signature: Buffer): boolean {
	return bytes.subarray(0, signature.length).equals(signature);
}

function text(bytes: Buffer, at: number): string {
	return bytes.toString("latin1", at, at + 4);
}
