import { describe, expect, it } from "vitest";
import type { CodedFrame, Run } from "../coded-frames.ts";
import { type Cut, PartCutter } from "./part-cutter.ts";

const rung = { kind: "video", width: 64, height: 36, frameRate: 30, maxBitrate: 1, avcC: "" } as const;
const run: Run = {
	run: 1,
	startsAtMs: 0,
	tracks: [
		{ ...rung, name: "720p" },
		{ ...rung, name: "360p" },
		{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 1, audioSpecificConfig: "" },
	],
};
const AUDIO = 2;

function video(track: number, pts: number, keyframe = pts % 60 === 0): CodedFrame {
	return { track, pts, keyframe, data: Buffer.of(pts) };
}

function audio(index: number): CodedFrame {
	return { track: AUDIO, pts: index * 1024, keyframe: false, data: Buffer.of(index) };
}

function take(cutter: PartCutter): Cut[] {
	const cuts: Cut[] = [];
	for (let cut = cutter.next(); cut; cut = cutter.next()) cuts.push(cut);
	return cuts;
}

function counts({ frames }: Cut): number[] {
	return frames.map(({ length }) => length);
}

function fill(cutter: PartCutter, videoFrames: number, audioFrames: number, from = { video: 0, audio: 0 }): void {
	for (let pts = from.video; pts < videoFrames; pts++) {
		cutter.add(video(0, pts));
		cutter.add(video(1, pts));
	}
	for (let index = from.audio; index < audioFrames; index++) cutter.add(audio(index));
}

describe("PartCutter", () => {
	it("cuts ten pictures with all sound that starts up to 1 ms after them", () => {
		const cutter = new PartCutter(run);
		fill(cutter, 60, 95);
		const cuts = take(cutter);
		expect(cuts.map(counts)).toEqual([16, 16, 15, 16, 16, 15].map((sound) => [10, 10, sound]));
		expect(cuts.map(({ endsSegment }) => endsSegment)).toEqual([false, false, false, false, false, true]);
		for (const [index, { frames }] of cuts.entries()) {
			const soundEnds = ((frames[AUDIO]?.at(-1)?.pts ?? 0) + 1024) / 48_000;
			const picturesEnd = (index + 1) / 3;
			expect(soundEnds).toBeGreaterThanOrEqual(picturesEnd + 0.001);
			expect(soundEnds - 1024 / 48_000).toBeLessThan(picturesEnd + 0.001);
		}
	});

	it("waits for the slowest rung and for the sound", () => {
		const cutter = new PartCutter(run);
		for (let pts = 0; pts < 10; pts++) cutter.add(video(0, pts));
		for (let index = 0; index < 15; index++) cutter.add(audio(index));
		for (let pts = 0; pts < 9; pts++) cutter.add(video(1, pts));
		expect(take(cutter)).toHaveLength(0);
		cutter.add(video(1, 9));
		expect(take(cutter)).toHaveLength(0);
		cutter.add(audio(15));
		expect(take(cutter).map(counts)).toEqual([[10, 10, 16]]);
	});

	it("leaves out sound from before the first picture", () => {
		const cutter = new PartCutter(run);
		for (let pts = 3; pts < 13; pts++) for (const track of [0, 1]) cutter.add(video(track, pts, pts === 3));
		for (let index = 0; index < 30; index++) cutter.add(audio(index));
		const [cut] = take(cutter);
		expect(cut?.frames[0]?.map(({ pts }) => pts)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
		expect(cut?.frames[AUDIO]?.[0]?.pts).toBe(5 * 1024); // 106.7 ms, where the picture starts at 100 ms
	});

	it("flushes what all tracks have, and no picture without its sound", () => {
		const cutter = new PartCutter(run);
		fill(cutter, 17, 25);
		expect(take(cutter)).toHaveLength(1);
		const last = cutter.flush();
		expect(last && counts(last)).toEqual([5, 5, 8]); // sound that reaches 533 ms covers 15 pictures, not 16 and 1 ms
		expect(last?.endsSegment).toBe(true);
	});

	it("flushes nothing when a track has nothing", () => {
		const cutter = new PartCutter(run);
		for (let pts = 0; pts < 9; pts++) cutter.add(video(0, pts));
		expect(cutter.flush()).toBeUndefined();
	});

	it("refuses a hole, a late start, a missing IDR, and a track it does not know", () => {
		const start = () => {
			const cutter = new PartCutter(run);
			fill(cutter, 60, 1);
			return cutter;
		};
		expect(() => start().add(video(0, 61))).toThrow("track 0 jumped from pts 60 to 61");
		expect(() => start().add(audio(2))).toThrow("track 2 jumped from pts 1024 to 2048");
		expect(() => start().add(video(0, 60, false))).toThrow("track 0 has no IDR at pts 60");
		expect(() => start().add({ ...audio(0), track: 3 })).toThrow("unknown track 3");
		const late = new PartCutter(run);
		late.add(video(0, 0));
		expect(() => late.add(video(1, 1, true))).toThrow("track 1 does not start with the others");
	});

	it("gives up when a track falls 10 s behind", () => {
		const cutter = new PartCutter(run);
		for (let pts = 0; pts < 300; pts++) cutter.add(video(0, pts));
		expect(() => cutter.add(video(0, 300))).toThrow("track 0 is 10 s ahead of another");
	});

	it("refuses a run without sound", () => {
		expect(() => new PartCutter({ ...run, tracks: run.tracks.slice(0, 2) })).toThrow("one audio track");
	});
});
