import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PlaybackAddress } from "./playback-address.svelte.ts";

const webinarId = "abcdefghijkl";
const HOUR_MS = 3_600_000;
const asked: (string | null)[] = [];
let answers: Response[] = [];

function address(pass: string, expiresAt = Date.now() + 12 * HOUR_MS): Response {
	const url = `https://elsewhere.example/live/${webinarId}/~${pass}/index.m3u8`;
	return Response.json({ url, expiresAt: new Date(expiresAt).toISOString() });
}

function problem(status: number, code: string): Response {
	return Response.json({ type: "about:blank", title: code, status, code }, { status });
}

/** Answers with what comes next in `answers`, and fails when there is nothing. */
const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
	asked.push(new Headers(init?.headers).get("authorization"));
	const answer = answers.shift();
	if (!answer) throw new TypeError("no network");
	return answer;
};

function open(access: "public" | "private"): PlaybackAddress {
	return new PlaybackAddress({ webinarId, access, token: () => "s3cret", fetch: fetch as typeof globalThis.fetch });
}

beforeEach(() => {
	vi.useFakeTimers();
	asked.length = 0;
	answers = [];
});
afterEach(() => vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

it("is known at once for a public webinar, and nobody is asked", async () => {
	const opened = open("public");
	await opened.refresh();
	expect([opened.src, asked]).toEqual([`/live/${webinarId}/index.m3u8`, []]);
	opened.close();
});

it("is asked for with the viewer's token for a private one, again when there is no answer, and anew before it expires", async () => {
	const opened = open("private");
	expect(opened.src).toBeNull();
	await settle();
	answers = [address("one"), address("two", Date.now() + 30 * HOUR_MS)];
	await vi.advanceTimersByTimeAsync(2_000);
	expect(opened.src).toBe(`/live/${webinarId}/~one/index.m3u8`);
	expect(asked).toEqual(["Bearer s3cret", "Bearer s3cret"]);
	await vi.advanceTimersByTimeAsync(10 * HOUR_MS);
	expect(asked).toHaveLength(2);
	await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
	expect(opened.src).toBe(`/live/${webinarId}/~two/index.m3u8`);
	opened.close();
	await vi.advanceTimersByTimeAsync(48 * HOUR_MS);
	expect(asked).toHaveLength(3);
});

it("is refused to who was not invited, until the webinar is open to all", async () => {
	answers = [problem(401, "token-invalid")];
	const opened = open("private");
	await settle();
	expect([opened.src, opened.refused]).toEqual([null, true]);
	await vi.advanceTimersByTimeAsync(HOUR_MS);
	expect(asked).toHaveLength(1);
	opened.setAccess("public");
	expect([opened.src, opened.refused]).toEqual([`/live/${webinarId}/index.m3u8`, false]);
	answers = [address("one")];
	opened.setAccess("private");
	await settle();
	expect(opened.src).toBe(`/live/${webinarId}/~one/index.m3u8`);
	opened.close();
});
