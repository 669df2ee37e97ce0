import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type PlaybackReport, playbackReportSchema } from "../../../core/protocol/playback.ts";
import { PlaybackBeacon, type ReportedPlayer } from "./playback-beacon.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

const taken = (advice = { nextInMs: 10_000, latencyFloorMs: 0 }) => Response.json(advice);

/** A page with a player that plays, and a server that answers as `answer` says. */
function openPage({ timesStartUp = true } = {}) {
	const floors: number[] = [];
	const player: { -readonly [Key in keyof ReportedPlayer]: ReportedPlayer[Key] } = {
		state: "playing",
		latencyMs: 900,
		rewound: false,
		stalls: 0,
		stalledMs: 0,
		levels: [
			{ width: 1280, height: 720, bitrate: 1 },
			{ width: 0, height: 0, bitrate: 1 },
		],
		level: 0,
		keepLatency: (floorMs) => floors.push(floorMs),
	};
	const sent: PlaybackReport[] = [];
	const goodbyes: Blob[] = [];
	const page = new EventTarget();
	let answer: () => Response | Promise<Response> = taken;
	const beacon = new PlaybackBeacon({
		webinarId: "abcdefghijkl",
		player,
		timesStartUp,
		fetch: async (url, init) => {
			expect(url).toBe("/api/webinars/abcdefghijkl/playback");
			expect(init).toMatchObject({ method: "POST", credentials: "omit" });
			sent.push(playbackReportSchema.parse(JSON.parse(String(init?.body))));
			return answer();
		},
		sendBeacon: (_url, body) => goodbyes.push(body) > 0,
		page,
	});
	return {
		player,
		floors,
		sent,
		goodbyes,
		page,
		beacon,
		answerWith: (next: typeof answer) => {
			answer = next;
		},
		lastGoodbye: async () => playbackReportSchema.parse(JSON.parse((await goodbyes.at(-1)?.text()) ?? "")),
	};
}

/** Lets time pass until so many reports were sent. Returns the milliseconds, to a tenth of a second. */
async function untilSent(sent: PlaybackReport[], count: number): Promise<number> {
	const startedAt = Date.now();
	while (sent.length < count && Date.now() - startedAt < 100_000) await vi.advanceTimersByTimeAsync(100);
	expect(sent).toHaveLength(count);
	return Date.now() - startedAt;
}

test("it reports within ten seconds, and then about as often as the server asks", async () => {
	const { sent, floors, answerWith } = openPage();
	expect(await untilSent(sent, 1)).toBeLessThanOrEqual(10_000);
	expect(sent).toEqual([
		{ viewer: expect.any(String), state: "playing", latencyMs: 900, stalls: 0, stalledMs: 0, heightPixels: 720 },
	]);
	answerWith(() => taken({ nextInMs: 50_000, latencyFloorMs: 2000 }));
	const second = await untilSent(sent, 2);
	expect(second).toBeGreaterThan(8_900);
	expect(second).toBeLessThanOrEqual(11_100);
	expect(floors).toEqual([0, 2000]);
	const third = await untilSent(sent, 3);
	expect(third).toBeGreaterThan(44_900);
	expect(third).toBeLessThanOrEqual(55_100);
	expect(new Set(sent.map(({ viewer }) => viewer)).size).toBe(1);
});

test("it tells how long the first picture took, but not when somebody had to be waited for", async () => {
	const quick = openPage();
	await vi.advanceTimersByTimeAsync(640);
	quick.beacon.observe("playing");
	await vi.advanceTimersByTimeAsync(1000);
	quick.beacon.observe("playing");
	const waited = openPage({ timesStartUp: false });
	waited.beacon.observe("playing");
	const clicked = openPage();
	clicked.beacon.observe("paused");
	clicked.beacon.observe("playing");
	await vi.advanceTimersByTimeAsync(10_000);
	expect([quick, waited, clicked].map(({ sent }) => sent[0]?.startUpMs)).toEqual([640, undefined, undefined]);
});

test("a stall is told once, and again when its report was not taken", async () => {
	const { player, sent, answerWith } = openPage();
	player.stalls = 2;
	player.stalledMs = 1500;
	answerWith(() => new Response(null, { status: 503 }));
	await vi.advanceTimersByTimeAsync(10_000);
	answerWith(() => taken());
	await vi.advanceTimersByTimeAsync(20_000);
	player.stalls = 3;
	player.stalledMs = 1700;
	await vi.advanceTimersByTimeAsync(11_000);
	const [lost, ...others] = sent;
	const sum = (of: (report: PlaybackReport) => number) => others.reduce((total, report) => total + of(report), 0);
	expect(lost).toMatchObject({ stalls: 2, stalledMs: 1500 });
	expect([sum(({ stalls }) => stalls), sum(({ stalledMs }) => stalledMs)]).toEqual([3, 1700]);
});

test("who went back, and whose clock is wrong, tells no latency", async () => {
	const { player, sent } = openPage();
	player.rewound = true;
	player.level = 1;
	await untilSent(sent, 1);
	player.rewound = false;
	player.latencyMs = -2000;
	await untilSent(sent, 2);
	player.state = "stalled";
	player.latencyMs = 9e9;
	player.stalledMs = 9e9;
	await untilSent(sent, 3);
	expect(sent.map(({ latencyMs }) => latencyMs)).toEqual([undefined, undefined, undefined]);
	expect(sent.map(({ heightPixels }) => heightPixels)).toEqual([0, 0, 0]);
});

test.each([404, 409, 410])("an answer of %i ends it", async (status) => {
	const { sent, page, goodbyes, answerWith } = openPage();
	answerWith(() => new Response(null, { status }));
	await vi.advanceTimersByTimeAsync(3_600_000);
	page.dispatchEvent(new Event("pagehide"));
	expect([sent.length, goodbyes.length]).toEqual([1, 0]);
});

test.each([
	["no answer", () => Promise.reject(new TypeError("Failed to fetch"))],
	["an error", () => new Response(null, { status: 500 })],
	["too many requests", () => new Response(null, { status: 429 })],
	["something else", () => new Response("<html>")],
])("after %s it tries again, more and more seldom", async (_what, answer) => {
	const { sent, answerWith } = openPage();
	answerWith(answer);
	await vi.advanceTimersByTimeAsync(60 * 60_000);
	expect(sent.length).toBeGreaterThan(10);
	expect(sent.length).toBeLessThan(32);
});

test("a page that goes says goodbye, and goes on when it comes back", async () => {
	const { player, page, sent, goodbyes, lastGoodbye, beacon } = openPage();
	player.stalls = 1;
	page.dispatchEvent(new Event("pagehide"));
	expect(await lastGoodbye()).toMatchObject({ state: "left", stalls: 1 });
	expect(goodbyes[0]?.type).toBe("application/json");
	await untilSent(sent, 1);
	expect(sent).toMatchObject([{ state: "playing", stalls: 0 }]);
	beacon.close();
	beacon.close();
	page.dispatchEvent(new Event("pagehide"));
	await vi.advanceTimersByTimeAsync(60_000);
	expect([sent.length, goodbyes.length]).toEqual([1, 2]);
});

test("the end of the programme is a goodbye, too", async () => {
	const { beacon, sent, goodbyes } = openPage();
	beacon.observe("ended");
	await vi.advanceTimersByTimeAsync(60_000);
	expect([sent.length, goodbyes.length]).toEqual([0, 1]);
});
