import { describe, expect, it } from "vitest";
import { BlockedRequests } from "./blocked-requests.ts";

function fill(limit: number) {
	const log: string[] = [];
	const ready = new Set<string>();
	const blocked = new BlockedRequests({ limit, patienceMs: 6000 });
	const add = (name: string, nowMs: number) => {
		const request = {
			isReady: () => ready.has(name),
			answer: () => log.push(`answer ${name}`),
			refuse: () => log.push(`refuse ${name}`),
		};
		return { request, taken: blocked.add(request, nowMs) };
	};
	return { blocked, log, ready, add };
}

describe("BlockedRequests", () => {
	it("takes no more than its limit, and more again when some have gone", () => {
		const { blocked, add } = fill(2);
		const { request, taken } = add("a", 0);
		expect([taken, add("b", 0).taken, add("c", 0).taken]).toEqual([true, true, false]);
		blocked.remove(request);
		expect(add("d", 0).taken).toBe(true);
		expect(blocked.size).toBe(2);
	});

	it("answers those that are ready, once", () => {
		const { blocked, add, log, ready } = fill(9);
		for (const name of ["a", "b", "c"]) add(name, 0);
		ready.add("a").add("c");
		blocked.release();
		blocked.release();
		expect(log).toEqual(["answer a", "answer c"]);
		expect(blocked.size).toBe(1);
	});

	it("refuses those whose patience is over, and at the end all", () => {
		const { blocked, add, log } = fill(9);
		for (const [index, name] of ["a", "b", "c"].entries()) add(name, index * 1000);
		blocked.expire(5999);
		expect(log).toEqual([]);
		blocked.expire(7000);
		expect(log).toEqual(["refuse a", "refuse b"]);
		blocked.refuseAll();
		expect(log).toEqual(["refuse a", "refuse b", "refuse c"]);
	});
});
