import type { Frame } from "node-av/lib";
import { beforeEach, describe, expect, it } from "vitest";
import { PictureQueue } from "./picture-queue.ts";

let freed: number[];
let queue: PictureQueue;

function push(captureMs: number, width = 640, height = 360): void {
	const frame = { width, height, free: () => freed.push(captureMs) } as unknown as Frame;
	queue.push({ frame, captureMs });
}

beforeEach(() => {
	freed = [];
	queue = new PictureQueue();
});

describe("picture queue", () => {
	it("shows the newest picture that was captured by then, and frees what it passed", () => {
		for (const captureMs of [0, 33, 67]) push(captureMs);
		expect(queue.at(-1)).toBeUndefined();
		expect(queue.at(50)?.captureMs).toBe(33);
		expect(freed).toEqual([0]);
		expect(queue.at(50)).toBe(queue.at(60));
		expect(queue.at(5000)?.captureMs).toBe(67);
		queue.close();
		expect(freed).toEqual([0, 33, 67]);
	});

	it("holds a bounded number of pictures, whatever their times say", () => {
		for (let i = 0; i < 100; i++) push(1e9 + i);
		expect(freed.length).toBe(100 - 24 - 1);
		expect(queue.at(0)?.captureMs).toBe(1e9 + 75);
	});

	it("holds fewer of the large ones", () => {
		for (let i = 0; i < 20; i++) push(1e9 + i, 4096, 4096);
		expect(20 - freed.length).toBeLessThanOrEqual(3);
		queue.close();
		expect(freed.length).toBe(20);
	});
});
