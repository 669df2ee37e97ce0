import { describe, expect, it } from "vitest";
import { createPlaybackPasses } from "./playback-passes.ts";

const HOUR_MS = 3_600_000;
const ID = "abcdefghij12";
const noon = Date.UTC(2026, 0, 1, 12);

function passesAt(startMs: number, secret = new Uint8Array(32).fill(1)) {
	const clock = { nowMs: startMs, now: () => clock.nowMs };
	return { clock, passes: createPlaybackPasses(secret, clock) };
}

describe("playback passes", () => {
	it("are the same for everyone within six hours, and valid for six more", () => {
		const { clock, passes } = passesAt(noon);
		const first = passes.issue(ID);
		expect(first.pass).toMatch(/^\d{10}\.[\w-]{43}$/);
		expect(first.expiresAt).toBe(noon + 12 * HOUR_MS);
		expect(Number.parseInt(first.pass, 10) * 1000).toBe(first.expiresAt);
		clock.nowMs = noon + 6 * HOUR_MS - 1;
		expect(passes.issue(ID)).toEqual(first);
		expect(passesAt(noon + HOUR_MS).passes.issue(ID)).toEqual(first);
		clock.nowMs = noon + 6 * HOUR_MS;
		const second = passes.issue(ID);
		expect(second.pass).not.toBe(first.pass);
		clock.nowMs = first.expiresAt - 1;
		expect([passes.admits(ID, first.pass), passes.admits(ID, second.pass)]).toEqual([true, true]);
		clock.nowMs = first.expiresAt;
		expect([passes.admits(ID, first.pass), passes.admits(ID, second.pass)]).toEqual([false, true]);
	});

	const { pass } = passesAt(noon).passes.issue(ID);
	const [expiry = "", signature = ""] = pass.split(".");
	const later = `${Number(expiry) + 6 * 3600}`;
	it.each([
		["nothing", ""],
		["another webinar's", passesAt(noon).passes.issue("zyxwvutsrq98").pass],
		["another server's", passesAt(noon, new Uint8Array(32).fill(2)).passes.issue(ID).pass],
		["one that says it lives longer", `${later}.${signature}`],
		["one that says it lives a little longer", `${Number(expiry) + 1}.${signature}`],
		["a changed signature", `${expiry}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`],
		["one cut short", pass.slice(0, -1)],
		["one with something behind it", `${pass}A`],
		["one without a signature", `${expiry}.`],
		["one of the future", passesAt(noon + 6 * HOUR_MS).passes.issue(ID).pass],
		["one of yesterday", passesAt(noon - 24 * HOUR_MS).passes.issue(ID).pass],
		["letters of two bytes", "é".repeat(pass.length)],
	])("do not take %s", (_what, given) => {
		const { passes } = passesAt(noon);
		expect(passes.admits(ID, pass)).toBe(true);
		expect(passes.admits(ID, given)).toBe(false);
	});

	it("remain right when more webinars come than are remembered", () => {
		const { passes } = passesAt(noon);
		for (let i = 0; i < 3000; i++) passes.admits(`webinar-${i}`, pass);
		expect(passes.issue(ID).pass).toBe(pass);
		expect(passes.admits(ID, pass)).toBe(true);
	});
});
