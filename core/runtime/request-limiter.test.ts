import { expect, test } from "vitest";
import { addressKey, RequestLimiter } from "./request-limiter.ts";

function createLimiter(limit = { burst: 3, perSecond: 0.5 }) {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	return { limiter: new RequestLimiter(limit, { clock }), clock };
}

test("a burst, then as many as the rate allows, and how long to wait", () => {
	const { limiter, clock } = createLimiter();
	expect([1, 2, 3, 4].map(() => limiter.take("a"))).toEqual([0, 0, 0, 2]);
	expect(limiter.take("b")).toBe(0);
	clock.nowMs += 1_000;
	expect(limiter.take("a")).toBe(1);
	clock.nowMs += 1_000;
	expect([limiter.take("a"), limiter.take("a")]).toEqual([0, 2]);
	clock.nowMs += 3_600_000;
	expect([1, 2, 3, 4].map(() => limiter.take("a"))).toEqual([0, 0, 0, 2]);
});

test("a clock that is set back costs nobody anything", () => {
	const { limiter, clock } = createLimiter();
	limiter.take("a");
	clock.nowMs -= 3_600_000;
	expect([limiter.take("a"), limiter.take("a")]).toEqual([0, 0]);
	clock.nowMs += 2_000;
	expect(limiter.take("a")).toBe(0);
});

test("it remembers those who came last, and no more than a bounded number", () => {
	const { limiter } = createLimiter({ burst: 1, perSecond: 0.001 });
	limiter.take("early");
	limiter.take("busy");
	for (let count = 0; count < 9_999; count++) limiter.take(`key-${count}`);
	expect(limiter.take("busy")).toBeGreaterThan(0);
	expect(limiter.take("early")).toBe(0);
});

test("those who have all their requests again are forgotten", () => {
	const { limiter, clock } = createLimiter();
	for (let count = 0; count < 100; count++) limiter.take(`key-${count}`);
	clock.nowMs += 5_000;
	limiter.take("late");
	expect(limiter.size).toBe(101);
	clock.nowMs += 1_000;
	limiter.take("later");
	expect(limiter.size).toBe(2);
});

test.each([
	["192.0.2.1", "192.0.2.1"],
	["::ffff:192.0.2.1", "192.0.2.1"],
	["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
	["2001:db8:1:2::9", "2001:db8:1:2"],
	["2001:0DB8::1", "2001:db8:0:0"],
	["fe80::1%eth0", "fe80:0:0:0"],
	["::1", "0:0:0:0"],
])("%s counts as %s", (address, key) => {
	expect(addressKey(address)).toBe(key);
});
