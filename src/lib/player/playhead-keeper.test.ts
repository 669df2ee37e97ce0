import { beforeEach, expect, test, vi } from "vitest";
import type { PlaybackEngine } from "./playback-engine.ts";
import { PlayheadKeeper } from "./playhead-keeper.ts";

beforeEach(() => {
	vi.stubGlobal("HTMLMediaElement", { HAVE_FUTURE_DATA: 3 });
	return () => vi.unstubAllGlobals();
});

/** A playhead at second 100 of a stream whose live position is second 110, and what is done to it. */
function surroundings(ledBy: PlaybackEngine["ledBy"] = "rate-and-jumps") {
	const video = { currentTime: 100, playbackRate: 1, readyState: 4 };
	const asked: string[] = [];
	const engine = {
		ledBy,
		livePositionS: 110,
		edgeS: 111,
		holdBackMs: 1000,
		arrivals: 0,
		restart: () => asked.push("restart"),
		reload: () => asked.push("reload"),
	};
	const keeper = new PlayheadKeeper();
	/** Four times a second, with a playhead that moves unless it is `stuck`. */
	function tend(seconds: number, situation: { latencyMs: number | null; rewound: boolean }, { stuck = false } = {}) {
		for (let nowMs = 0; nowMs < seconds * 1000; nowMs += 250) {
			const bufferEndS = stuck ? 100 : video.currentTime + 1;
			const whole = { nowMs, bufferEndS, shouldPlay: true, ...situation };
			keeper.tend(video as HTMLVideoElement, engine as unknown as PlaybackEngine, whole);
			if (!stuck) video.currentTime += 0.25;
		}
	}
	return { video, asked, tend };
}

test("who is far behind at the edge is brought there by a jump", () => {
	const { video, tend } = surroundings();
	tend(0.25, { latencyMs: 11_000, rewound: false });
	expect(video.currentTime).toBe(110.25);
});

test("who is a little behind catches up by the rate", () => {
	const { video, tend } = surroundings();
	tend(4, { latencyMs: 2000, rewound: false });
	expect(video.playbackRate).toBeGreaterThan(1.04);
	expect(video.currentTime).toBe(104);
});

test("who has gone back is neither hurried nor moved", () => {
	const { video, tend } = surroundings();
	video.playbackRate = 1.05;
	tend(20, { latencyMs: 11_000, rewound: true });
	expect(video.playbackRate).toBe(1);
	expect(video.currentTime).toBe(120);
});

test("where the rate is heard, only jumps lead, and a browser that sees to it by itself is left alone", () => {
	const touch = surroundings("jumps");
	touch.tend(4, { latencyMs: 2000, rewound: false });
	expect(touch.video.playbackRate).toBe(1);
	touch.tend(0.25, { latencyMs: 11_000, rewound: false });
	expect(touch.video.currentTime).toBe(110.25);
	const native = surroundings("nothing");
	native.tend(4, { latencyMs: 11_000, rewound: false });
	expect(native.video).toEqual({ currentTime: 104, playbackRate: 1, readyState: 4 });
});

test("a picture that stands still is left by a jump to the edge, or just past the place by who has gone back", () => {
	const live = surroundings();
	live.tend(2, { latencyMs: null, rewound: false }, { stuck: true });
	expect(live.video.currentTime).toBe(110);
	const rewound = surroundings();
	rewound.tend(2, { latencyMs: null, rewound: true }, { stuck: true });
	expect(rewound.video.currentTime).toBeCloseTo(100.1);
});

test("who has gone back waits for what is loaded, and asks anew when nothing comes", () => {
	const { video, asked, tend } = surroundings();
	video.readyState = 1;
	tend(9, { latencyMs: null, rewound: true }, { stuck: true });
	expect(video.currentTime).toBe(100);
	expect(asked).toEqual(["restart", "restart", "restart"]);
});
