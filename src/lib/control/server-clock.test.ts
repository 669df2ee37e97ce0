import { expect, test } from "vitest";
import { ServerClock } from "./server-clock.svelte.ts";

const AHEAD_MS = 61_000;
const answer =
	(body: unknown, status = 200) =>
	async () =>
		Response.json(body, { status });

test("takes the server's time from its answers, and keeps it where there is none", async () => {
	const answers = [
		async () => {
			throw new TypeError("no network");
		},
		answer({ code: "unavailable" }, 503),
		answer({ now: Date.now() + AHEAD_MS }),
		answer({ now: "soon" }),
	];
	const clock = new ServerClock({ fetch: () => (answers.shift() ?? answer({}))() });
	await clock.ask();
	await clock.ask();
	expect(clock.offsetMs).toBeNull();
	await clock.ask();
	expect(Math.abs((clock.offsetMs ?? 0) - AHEAD_MS)).toBeLessThan(1000);
	const known = clock.offsetMs;
	await clock.ask();
	expect(clock.offsetMs).toBe(known);
});
