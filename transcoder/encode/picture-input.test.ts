import { once } from "node:events";
import { createReadStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PictureInput } from "./picture-input.ts";

/** Larger than a FIFO takes at once, so that writing waits for the reader. */
const PICTURE_BYTES = 1_000_000;

class TestPicture {
	readonly data: Buffer;
	holders = 0;

	constructor(value: number) {
		this.data = Buffer.alloc(PICTURE_BYTES, value);
	}

	retain(): void {
		this.holders++;
	}

	release(): void {
		this.holders--;
	}
}

let directory: string;
let path: string;
let input: PictureInput;

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "pictures-"));
	path = join(directory, "pictures");
	input = await PictureInput.create(path);
});

afterEach(() => {
	input.close();
	rmSync(directory, { recursive: true });
});

/** The value of each picture that arrives until the end. */
async function readPictures(): Promise<number[]> {
	const chunks: Buffer[] = [];
	for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer);
	const bytes = Buffer.concat(chunks);
	expect(bytes.length % PICTURE_BYTES).toBe(0);
	return Array.from({ length: bytes.length / PICTURE_BYTES }, (_, index) => {
		const picture = bytes.subarray(index * PICTURE_BYTES, (index + 1) * PICTURE_BYTES);
		expect(picture.equals(Buffer.alloc(PICTURE_BYTES, picture[0]))).toBe(true);
		return picture[0] ?? -1;
	});
}

describe("picture input", () => {
	it("writes as many pictures as were pushed, and holds none of them afterwards", async () => {
		const pictures = [1, 2, 3].map((value) => new TestPicture(value));
		const [first, second, third] = pictures as [TestPicture, TestPicture, TestPicture];
		for (const picture of [first, first, second, third, third, third]) input.push(picture);
		input.end();
		expect(await readPictures()).toEqual([1, 1, 2, 3, 3, 3]);
		expect(pictures.map(({ holders }) => holders)).toEqual([0, 0, 0]);
	});

	it("repeats a picture in place of further ones while nobody reads, and loses no tick", async () => {
		const pictures = Array.from({ length: 40 }, (_, index) => new TestPicture(index + 1));
		for (const picture of pictures) input.push(picture);
		expect(pictures.filter(({ holders }) => holders > 0).length).toBeLessThanOrEqual(15);
		input.end();
		const read = await readPictures();
		expect(read).toHaveLength(40);
		expect(read).toEqual(read.toSorted((a, b) => a - b));
		expect(new Set(read).size).toBe(15);
		expect(pictures.every(({ holders }) => holders === 0)).toBe(true);
	});

	it("lets everything go when it is closed", async () => {
		const pictures = [1, 2, 3].map((value) => new TestPicture(value));
		for (const picture of pictures) input.push(picture);
		input.close();
		await expect.poll(() => pictures.map(({ holders }) => holders)).toEqual([0, 0, 0]);
	});

	it("ends though nobody ever read", async () => {
		const descriptors = () => readdirSync("/proc/self/fd").length;
		const before = descriptors();
		const unread = await PictureInput.create(join(directory, "unread"));
		unread.push(new TestPicture(1));
		unread.close();
		await expect.poll(descriptors).toBe(before);
	});

	it("ends when its reader does", async () => {
		const picture = new TestPicture(1);
		for (let i = 0; i < 3; i++) input.push(picture);
		const reader = createReadStream(path);
		await once(reader, "data");
		reader.destroy();
		await expect.poll(() => picture.holders).toBe(0);
	});
});
