import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JPEG_32X20, PNG_3X2, WEBP_32X20 } from "./brand-image.test-support.ts";
import { inspectImage } from "./brand-image.ts";

test("images are told apart and measured", () => {
	expect(inspectImage(PNG_3X2)).toEqual({ type: "image/png", width: 3, height: 2 });
	expect(inspectImage(JPEG_32X20)).toEqual({ type: "image/jpeg", width: 32, height: 20 });
	for (const webp of WEBP_32X20) expect(inspectImage(webp)).toEqual({ type: "image/webp", width: 32, height: 20 });
});

test("a JPEG's frame is found behind long segments and fill bytes, and whatever kind of frame it is", () => {
	const profile = Buffer.concat([Buffer.from([0xff, 0xe2, 0xff, 0xff]), Buffer.alloc(0xffff - 2, 0xc0)]);
	const fill = Buffer.from([0xff, 0xff, 0xff]);
	const frame = (marker: number) => Buffer.from([0xff, marker, 0, 17, 8, 0x0b, 0xb8, 0x0f, 0xa0, 3]);
	const start = Buffer.from([0xff, 0xd8]);
	const tables = Buffer.from([0xff, 0xc4, 0, 5, 0, 0, 0]);
	for (const marker of [0xc0, 0xc1, 0xc2, 0xcf]) {
		const bytes = Buffer.concat([start, profile, tables, fill, frame(marker)]);
		expect(inspectImage(bytes)).toEqual({ type: "image/jpeg", width: 4000, height: 3000 });
	}
});

test("what is cut short has no size, and what is no image is none", () => {
	expect(inspectImage(PNG_3X2.subarray(0, 20))).toEqual({ type: "image/png", width: 0, height: 0 });
	expect(inspectImage(JPEG_32X20.subarray(0, 22))).toEqual({ type: "image/jpeg", width: 0, height: 0 });
	expect(inspectImage(WEBP_32X20[0]?.subarray(0, 20) ?? Buffer.of())).toMatchObject({ width: 0 });
	for (const bytes of ["", "GIF89a\x01\x00\x01\x00", "<svg xmlns='http://www.w3.org/2000/svg'/>", "RIFF\0\0\0\0WAVE"]) {
		expect(inspectImage(Buffer.from(bytes, "latin1"))).toBeUndefined();
	}
});

test("no bytes make it throw or run on", () => {
	const starts = [PNG_3X2, JPEG_32X20, ...WEBP_32X20].map((bytes) => bytes.subarray(0, 16));
	fc.assert(
		fc.property(fc.constantFrom(Buffer.of(), ...starts), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
			const facts = inspectImage(Buffer.concat([start, rest]));
			if (facts) expect(facts.width).toBeGreaterThanOrEqual(0);
		}),
		{ numRuns: 2000 },
	);
});
