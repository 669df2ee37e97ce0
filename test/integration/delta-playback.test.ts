import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { recordCodedFrames } from "../support/coded-recording.ts";
import { eventually } from "../support/deadline.ts";
import { RecordedProgramme } from "../support/recorded-programme.ts";

const ID = "deltasdeltas";
const AGE_MS = 150_000;
const DEADLINE_MS = 90_000;
/** What hls.js calls an error when a busy machine plays late. */
const LATE = /^buffer(Stalled|NudgeOnStall|SeekOverHole)/;

interface Followed {
	/** Playlists that were loaded, as a whole and as a delta. */
	whole: number;
	deltas: number;
	discontinuities: number;
	segments: number;
	errors: string[];
	positionS: number;
	latencyS: number;
}

test("hls.js follows a long playlist by deltas, and over a lost encoder", async () => {
	const programme = await RecordedProgramme.start(ID, await recordCodedFrames(4), AGE_MS);
	const browser = await launchChromium();
	try {
		const page = await browser.newPage();
		await page.addScriptTag({ path: fileURLToPath(import.meta.resolve("hls.js/dist/hls.light.min.js")) });
		await page.evaluate(follow, `http://127.0.0.1:${programme.port}/live/${ID}/index.m3u8`);
		const followed = () => page.evaluate(() => (globalThis as unknown as { followed(): Followed }).followed());
		const until = (isReached: (now: Followed) => boolean, what: string) =>
			eventually(
				async () => {
					const now = await followed();
					expect(now.errors.filter((error) => !LATE.test(error))).toEqual([]);
					return isReached(now) && now;
				},
				DEADLINE_MS,
				() => what,
			);
		const before = await until(({ deltas, positionS }) => deltas >= 12 && positionS > 0, "no deltas");
		expect(before.segments).toBeGreaterThanOrEqual(AGE_MS / 2000);
		programme.loseEncoder();
		const broken = await until(({ discontinuities }) => discontinuities === 1, "no discontinuity");
		const after = await until(({ deltas }) => deltas >= broken.deltas + 12, "no deltas any more");
		expect(after.whole).toBeGreaterThan(broken.whole);
		expect(after.discontinuities).toBe(1);
		expect(after.segments).toBeGreaterThan(broken.segments);
		expect(after.positionS).toBeGreaterThan(broken.positionS + 10);
		expect(after.latencyS).toBeLessThan(15);
	} finally {
		await browser.close();
		await programme.close();
	}
});

/** In the page. */
function follow(url: string): void {
	interface Video {
		muted: boolean;
		autoplay: boolean;
		currentTime: number;
	}
	interface Details {
		skippedSegments: number;
		fragments: { cc: number }[];
	}
	const page = globalThis as unknown as {
		Hls: new (
			config: object,
		) => {
			latency: number;
			on(event: string, listener: (name: string, data: { details: Details & string }) => void): void;
			loadSource(url: string): void;
			attachMedia(media: Video): void;
		};
		document: { createElement(name: "video"): Video };
		followed(): Followed;
	};
	const video = page.document.createElement("video");
	video.muted = true;
	video.autoplay = true;
	const hls = new page.Hls({ lowLatencyMode: true, backBufferLength: 30, liveDurationInfinity: true });
	const seen: Followed = {
		whole: 0,
		deltas: 0,
		discontinuities: 0,
		segments: 0,
		errors: [],
		positionS: 0,
		latencyS: 0,
	};
	hls.on("hlsLevelLoaded", (_, { details }) => {
		if (details.skippedSegments > 0) seen.deltas++;
		else seen.whole++;
	});
	hls.on("hlsLevelUpdated", (_, { details: { fragments } }) => {
		seen.segments = fragments.length;
		seen.discontinuities = (fragments.at(-1)?.cc ?? 0) - (fragments[0]?.cc ?? 0);
	});
	hls.on("hlsError", (_, { details }) => seen.errors.push(details));
	page.followed = () => ({ ...seen, positionS: video.currentTime, latencyS: hls.latency });
	hls.loadSource(url);
	hls.attachMedia(video);
}
