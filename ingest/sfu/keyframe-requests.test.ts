import { expect, test } from "vitest";
import { KeyframeRequests } from "./keyframe-requests.ts";

function askedAt(requests: KeyframeRequests, fromMs: number, toMs: number, onTick?: (nowMs: number) => void): number[] {
	const asked: number[] = [];
	for (let nowMs = fromMs; nowMs < toMs; nowMs += 20) {
		onTick?.(nowMs);
		if (requests.due(nowMs)) asked.push(nowMs);
	}
	return asked;
}

test("one request, one soon after it, then one each second until a keyframe comes", () => {
	const requests = new KeyframeRequests();
	expect(askedAt(requests, 0, 1_000)).toEqual([]);
	requests.want();
	expect(askedAt(requests, 1_000, 4_600)).toEqual([1_000, 1_500, 2_500, 3_500, 4_500]);
	requests.onKeyframe();
	expect(askedAt(requests, 4_600, 9_000)).toEqual([]);
	expect(requests.sent).toBe(5);
});

test("many who want one get one, and a crowd that never has enough gets two a second", () => {
	const requests = new KeyframeRequests();
	const asked = askedAt(requests, 0, 2_000, (nowMs) => {
		requests.want();
		requests.want();
		if (nowMs % 500 === 40) requests.onKeyframe();
	});
	expect(asked).toEqual([0, 500, 1_000, 1_500]);
});

test("who sees nothing yet waits less, but not for a request that is under way", () => {
	const requests = new KeyframeRequests();
	const asked = askedAt(requests, 0, 1_200, (nowMs) => {
		requests.want(nowMs === 40 || nowMs === 160);
		if (nowMs === 100) requests.onKeyframe();
	});
	expect(asked).toEqual([0, 200, 700]);
});
