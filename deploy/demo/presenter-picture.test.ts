import { expect, test } from "vitest";
import { demoPeople } from "./cast.ts";
import { PICTURE_HEIGHT, PICTURE_WIDTH, PresenterPicture } from "./presenter-picture.ts";

/** Where two I420 pictures differ in brightness: [left, top, right, bottom], or undefined where they do not. */
function changedArea(before: Uint8ClampedArray, after: Uint8ClampedArray): number[] | undefined {
	const area = [PICTURE_WIDTH, PICTURE_HEIGHT, -1, -1] as [number, number, number, number];
	for (let y = 0; y < PICTURE_HEIGHT; y++) {
		for (let x = 0; x < PICTURE_WIDTH; x++) {
			if (before[y * PICTURE_WIDTH + x] === after[y * PICTURE_WIDTH + x]) continue;
			area[0] = Math.min(area[0], x);
			area[1] = Math.min(area[1], y);
			area[2] = Math.max(area[2], x);
			area[3] = Math.max(area[3], y);
		}
	}
	return area[2] < 0 ? undefined : area;
}

const [person, other] = demoPeople;
const noon = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
/** Copied, as the picture is valid until the next is painted only. */
const paint = (picture: PresenterPicture, atMs: number, level: number) =>
	Uint8ClampedArray.from(picture.paint(atMs, level).data);

test("the picture is a whole I420 one and the same for the same moment", () => {
	const picture = new PresenterPicture(person);
	const first = paint(picture, noon, 0);
	expect(first).toHaveLength((PICTURE_WIDTH * PICTURE_HEIGHT * 3) / 2);
	expect(changedArea(first, paint(new PresenterPicture(person), noon, 0))).toBeUndefined();
	expect(changedArea(first, paint(new PresenterPicture(other), noon, 0))).toBeDefined();
	paint(picture, noon + 5000, 1);
	expect(changedArea(first, paint(picture, noon, 0))).toBeUndefined();
});

test("a millisecond later the last digit of the clock has changed, and little else", () => {
	const picture = new PresenterPicture(person);
	const area = changedArea(paint(picture, noon, 0), paint(picture, noon + 1, 0));
	const [left = 0, top = 0, right = 0, bottom = 0] = area ?? [];
	expect(left).toBeGreaterThan(500);
	expect(right - left).toBeLessThan(32);
	expect(top).toBeGreaterThanOrEqual(160);
	expect(bottom).toBeLessThan(208);
});

test("who speaks moves their mouth", () => {
	const picture = new PresenterPicture(person);
	const [left = 0, , , bottom = 0] = changedArea(paint(picture, noon, 0), paint(picture, noon, 1)) ?? [];
	expect(left).toBeLessThan(200);
	expect(bottom).toBeGreaterThan(180);
});
