import { beforeEach, describe, expect, test } from "vitest";
import type { Person } from "../../core/protocol/webinar.ts";
import { ABSENCE_MS, Guests, MAX_GUESTS, SILENCE_MS } from "./guests.ts";

const ann: Person = { personId: "p-annannannann", name: "Ann", title: "", role: "attendee" };
const bob: Person = { personId: "p-bobbobbobbob", name: "Bob", title: "", role: "attendee" };

let now: number;
let guests: Guests;
beforeEach(() => {
	now = 1000;
	guests = new Guests({ clock: { now: () => now } });
});

describe("a visit", () => {
	test("goes from the raised hand over the offer to the stage", () => {
		expect(guests.promotion(ann.personId)).toEqual({ state: "none" });
		expect(guests.raise(ann)).toBe(true);
		expect(guests.promotion(ann.personId)).toEqual({ state: "raised" });
		expect(guests.isPromoted(ann.personId)).toBe(false);
		guests.offer(ann.personId, "token");
		expect(guests.promotion(ann.personId)).toEqual({ state: "offered", token: "token" });
		expect(guests.isPromoted(ann.personId)).toBe(true);
		expect(guests.present(ann.personId)).toBe("arrived");
		expect(guests.promotion(ann.personId)).toEqual({ state: "on-stage", token: "token" });
		expect(guests.present(ann.personId)).toBe("stayed");
		expect(guests.end(ann.personId)).toBe(true);
		expect(guests.promotion(ann.personId)).toEqual({ state: "none" });
		expect(guests.isPromoted(ann.personId)).toBe(false);
	});

	test("is not offered to someone whose hand is down, nor to someone on stage", () => {
		const refused = expect.objectContaining({ code: "hand-not-raised" });
		expect(() => guests.offer(ann.personId, "token")).toThrow(refused);
		guests.raise(ann);
		guests.offer(ann.personId, "token");
		guests.present(ann.personId);
		expect(() => guests.offer(ann.personId, "token")).toThrow(refused);
	});

	test("keeps its first token when it is offered twice", () => {
		guests.raise(ann);
		expect(guests.offer(ann.personId, "first").changed).toBe(true);
		expect(guests.offer(ann.personId, "second").changed).toBe(false);
		expect(guests.promotion(ann.personId)).toEqual({ state: "offered", token: "first" });
	});

	test("is declined by lowering the hand, but not ended by it", () => {
		guests.raise(ann);
		guests.offer(ann.personId, "token");
		expect(guests.lower(ann.personId)).toBe(true);
		expect(guests.isPromoted(ann.personId)).toBe(false);
		guests.raise(ann);
		guests.offer(ann.personId, "token");
		guests.present(ann.personId);
		expect(guests.lower(ann.personId)).toBe(false);
		expect(guests.isPromoted(ann.personId)).toBe(true);
	});

	test("is refused to who publishes without an offer", () => {
		expect(guests.present(ann.personId)).toBe("refused");
		guests.raise(ann);
		expect(guests.present(ann.personId)).toBe("refused");
	});
});

test("hands are listed in the order they were raised, until their owner is on stage", () => {
	guests.raise(ann);
	now += 1;
	guests.raise(bob);
	guests.raise(ann);
	guests.offer(bob.personId, "token");
	expect(guests.hands()).toEqual([
		{ personId: ann.personId, name: "Ann", raisedAt: 1000, offered: false },
		{ personId: bob.personId, name: "Bob", raisedAt: 1001, offered: true },
	]);
	guests.present(bob.personId);
	expect(guests.hands().map(({ name }) => name)).toEqual(["Ann"]);
});

test("no more hands than a host could read go up", () => {
	for (let i = 0; i < MAX_GUESTS; i++) guests.raise({ ...ann, personId: `p-${i}` });
	expect(guests.raise(bob)).toBe(false);
	guests.lower("p-0");
	expect(guests.raise(bob)).toBe(true);
});

describe("time runs out", () => {
	test("for a raised hand whose owner stays away", () => {
		guests.raise(ann);
		now += 10 * ABSENCE_MS;
		expect(guests.overdue()).toEqual([]);
		guests.setConnected(ann.personId, false);
		now += ABSENCE_MS - 1;
		expect(guests.overdue()).toEqual([]);
		guests.setConnected(ann.personId, true);
		now += ABSENCE_MS;
		expect(guests.overdue()).toEqual([]);
		guests.setConnected(ann.personId, false);
		now += ABSENCE_MS;
		expect(guests.overdue()).toEqual([ann.personId]);
	});

	test("for an offer that nobody takes", () => {
		guests.raise(ann);
		now += SILENCE_MS;
		guests.offer(ann.personId, "token");
		now += SILENCE_MS - 1;
		expect(guests.overdue()).toEqual([]);
		now += 1;
		expect(guests.overdue()).toEqual([ann.personId]);
	});

	test("for a guest whose network does not come back", () => {
		guests.raise(ann);
		guests.offer(ann.personId, "token");
		guests.present(ann.personId);
		now += 10 * SILENCE_MS;
		expect(guests.overdue()).toEqual([]);
		guests.gone(ann.personId);
		now += SILENCE_MS - 1;
		expect(guests.overdue()).toEqual([]);
		guests.present(ann.personId);
		now += SILENCE_MS;
		expect(guests.overdue()).toEqual([]);
		guests.gone(ann.personId);
		now += SILENCE_MS - 1;
		// Said again, which must not start the time anew.
		guests.gone(ann.personId);
		now += 1;
		expect(guests.overdue()).toEqual([ann.personId]);
	});
});
