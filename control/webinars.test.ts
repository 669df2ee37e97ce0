import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Webinar } from "../core/protocol/webinar.ts";
import { openStore, type Store } from "./store/store.ts";
import { decodeCursor, Webinars } from "./webinars.ts";

const START = Date.parse("2026-03-01T12:00:00Z");

let dataDir: string;
let store: Store;
let now: number;
let webinars: Webinars;
let told: Webinar[];

beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "rostrum-webinars-"));
	store = await openStore({ dataDir });
	now = START;
	webinars = new Webinars({ publicUrl: () => "https://x.example" }, { store, clock: { now: () => now } });
	told = [];
	webinars.on("changed", (webinar) => told.push(webinar));
});
afterEach(async () => {
	await store.destroy();
	await rm(dataDir, { recursive: true });
});

const code = (expected: string) => expect.objectContaining({ code: expected });

describe("states", () => {
	test("scheduled, then live, then ended, each with its time", async () => {
		const { id, state, startedAt } = await webinars.create({ title: "One" });
		expect([state, startedAt]).toEqual(["scheduled", null]);
		now += 1000;
		expect(await webinars.start(id)).toMatchObject({
			state: "live",
			startedAt: "2026-03-01T12:00:01.000Z",
			endedAt: null,
		});
		now += 1000;
		const ended = await webinars.end(id);
		expect(ended).toMatchObject({ state: "ended", endedAt: "2026-03-01T12:00:02.000Z" });
		expect(await webinars.get(id)).toEqual(ended);
		expect(told.map((webinar) => webinar.state)).toEqual(["live", "ended"]);
	});

	test("no other step is taken", async () => {
		const { id } = await webinars.create({ title: "One" });
		await expect(webinars.end(id)).rejects.toEqual(code("webinar-not-live"));
		await webinars.start(id);
		await expect(webinars.start(id)).rejects.toEqual(code("webinar-live"));
		await expect(webinars.delete(id)).rejects.toEqual(code("webinar-live"));
		await webinars.end(id);
		await expect(webinars.start(id)).rejects.toEqual(code("webinar-ended"));
		await expect(webinars.end(id)).rejects.toEqual(code("webinar-ended"));
		expect(told).toHaveLength(2);
	});

	test("of two requests at once one succeeds", async () => {
		const { id } = await webinars.create({ title: "One" });
		for (const step of ["start", "end"] as const) {
			const results = await Promise.allSettled([webinars[step](id), webinars[step](id), webinars[step](id)]);
			expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		}
		expect(told).toHaveLength(2);
	});

	test("an unknown webinar is said to be unknown", async () => {
		const id = "zzzzzzzzzzzz";
		for (const attempt of [
			webinars.get(id),
			webinars.start(id),
			webinars.end(id),
			webinars.delete(id),
			webinars.patch(id, { title: "x" }),
		]) {
			await expect(attempt).rejects.toEqual(code("webinar-unknown"));
		}
	});
});

test("a patch changes what it names", async () => {
	const { id } = await webinars.create({ title: "One", startsAt: "2026-04-01T10:00:00+02:00" });
	expect((await webinars.get(id)).startsAt).toBe("2026-04-01T08:00:00.000Z");
	expect(await webinars.patch(id, { title: "Two" })).toMatchObject({
		title: "Two",
		startsAt: "2026-04-01T08:00:00.000Z",
	});
	expect(await webinars.patch(id, { startsAt: null })).toMatchObject({ title: "Two", startsAt: null });
	expect(await webinars.patch(id, {})).toMatchObject({ title: "Two", startsAt: null });
});

test("an instant that no four-digit year can say in UTC is refused", async () => {
	const startsAt = "0000-01-01T00:00:00+14:00";
	await expect(webinars.create({ title: "One", startsAt })).rejects.toEqual(code("invalid-body"));
});

test("a deleted webinar is gone", async () => {
	const gone: string[] = [];
	webinars.on("deleted", (id) => gone.push(id));
	const { id } = await webinars.create({ title: "One" });
	await webinars.delete(id);
	await expect(webinars.get(id)).rejects.toEqual(code("webinar-unknown"));
	expect(gone).toEqual([id]);
});

describe("list", () => {
	test("pages go from the newest to the oldest without a gap or a repetition", async () => {
		const created: string[] = [];
		for (let i = 0; i < 7; i++) {
			// Pairs of the same instant: the page's border falls between two of them.
			now = START + Math.floor(i / 2) * 1000;
			created.push((await webinars.create({ title: `${i}` })).id);
		}
		const seen: Webinar[] = [];
		let next: string | undefined;
		const sizes: number[] = [];
		do {
			const page = await webinars.list({ limit: 3, after: next === undefined ? undefined : decodeCursor(next) });
			seen.push(...page.items);
			sizes.push(page.items.length);
			next = page.next;
		} while (next !== undefined);
		expect(sizes).toEqual([3, 3, 1]);
		expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(created));
		expect(seen.map(({ createdAt }) => createdAt)).toEqual(
			seen
				.map(({ createdAt }) => createdAt)
				.sort()
				.reverse(),
		);
	});

	test("a full last page says that it is the last", async () => {
		await webinars.create({ title: "1" });
		await webinars.create({ title: "2" });
		const page = await webinars.list({ limit: 2 });
		expect(page.items).toHaveLength(2);
		expect(page.next).toBeUndefined();
	});

	test("a cursor of someone's own making is refused", () => {
		for (const cursor of ["", "x", Buffer.from("2026-01-01T00:00:00.000Z ' or 1=1").toString("base64url")]) {
			expect(() => decodeCursor(cursor)).toThrow(code("invalid-parameter"));
		}
	});
});
