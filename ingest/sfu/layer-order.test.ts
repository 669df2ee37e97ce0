import { expect, test } from "vitest";
import { layerOrder, type RankedLayer } from "./layer-order.ts";

const layer = (height: number | undefined, bitrate: number, active = true): RankedLayer => ({
	width: height && (height * 16) / 9,
	height,
	bitrate,
	active,
});

test("resolution goes before bitrate", () => {
	const [high, low, middle] = [layer(720, 100), layer(180, 900), layer(360, 500)];
	expect(layerOrder([high, low, middle])).toEqual([low, middle, high]);
});

test("where a resolution is unknown, or the same, bitrate tells", () => {
	expect(layerOrder([layer(720, 900), layer(undefined, 100)]).map(({ bitrate }) => bitrate)).toEqual([100, 900]);
	expect(layerOrder([layer(720, 900), layer(720, 100)]).map(({ bitrate }) => bitrate)).toEqual([100, 900]);
});

test("bitrates that are nearly the same, or of a silent layer, change nothing", () => {
	const near = [layer(720, 1_000), layer(720, 900)];
	expect(layerOrder(near)).toBe(near);
	const silent = [layer(undefined, 1_000), layer(undefined, 0, false)];
	expect(layerOrder(silent)).toBe(silent);
});
