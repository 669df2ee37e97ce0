import { expect, it } from "vitest";
import { OutputQueue } from "./output-queue.ts";

const FRAME = Buffer.alloc(64 * 1024);

it("begins with a keyframe, lets go when nobody reads, and goes on with a keyframe when there is room", async () => {
	let complaints = 0;
	const queue = new OutputQueue({ dropping: () => complaints++ });
	expect(queue.push(FRAME, false)).toBe(true);
	expect(complaints).toBe(0);
	let kept = 0;
	for (let frame = 0; frame < 600; frame++) if (!queue.push(FRAME, frame % 60 === 0)) kept++;
	expect(complaints).toBe(1);
	expect(queue.waitingBytes).toBeLessThan(6 * 1024 * 1024);
	expect(kept * FRAME.length).toBeGreaterThan(5 * 1024 * 1024 - 2 * FRAME.length);
	expect(queue.push(FRAME, true)).toBe(true);

	queue.stream.resume();
	await expect.poll(() => queue.waitingBytes).toBe(0);
	expect(queue.push(FRAME, false)).toBe(true);
	expect(queue.push(FRAME, true)).toBe(false);
	expect(queue.push(FRAME, false)).toBe(false);
	queue.close();
});
