import { expect, test } from "vitest";
import type { CodedFrame, Run, TrackConfig } from "./coded-frames.ts";
import { PublicationGate } from "./publication-gate.ts";

const rung = { kind: "video", width: 640, height: 360, frameRate: 30, maxBitrate: 1, avcC: "" } as const;
const tracks: TrackConfig[] = [
	{ ...rung, name: "720p" },
	{ ...rung, name: "360p" },
	{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 1, audioSpecificConfig: "" },
];
const run: Run = { run: 1, startsAtMs: 0, tracks };

const GOP = 60;
const video = (track: number, pts: number): CodedFrame => ({
	track,
	pts,
	keyframe: pts % GOP === 0,
	data: Buffer.alloc(0),
});
const sound = (unit: number): CodedFrame => ({ track: 2, pts: unit * 1024, keyframe: true, data: Buffer.alloc(0) });

function taker() {
	const taken: string[] = [];
	return {
		taken,
		startRun: (started: Run) => void taken.push(`run ${started.run}`),
		add: ({ track, pts }: CodedFrame) => taken.push(`${track} ${pts}`) > 0,
		endRun: () => void taken.push("end"),
	};
}

test("what is open from the start lets everything through", () => {
	const gate = new PublicationGate();
	const { taken, ...to } = taker();
	gate.open(to, 0);
	gate.startRun(run);
	for (const frame of [video(0, 0), sound(0), video(1, 0), video(0, 1)]) gate.add(frame);
	gate.endRun();
	expect(taken).toEqual(["run 1", "0 0", "2 0", "1 0", "0 1", "end"]);
});

test("nothing that was made before it is opened passes, and every rung begins with the same keyframe", () => {
	const gate = new PublicationGate();
	const { taken, ...to } = taker();
	gate.startRun(run);
	// The second rung lags behind: its keyframe has yet to come when the first one's has.
	for (let pts = 0; pts <= GOP; pts++) gate.add(video(0, pts));
	for (let pts = 0; pts < GOP; pts++) gate.add(video(1, pts));
	expect(gate.add(sound(90))).toBe(false);
	gate.open(to, 0);
	for (let pts = GOP; pts <= 2 * GOP + 1; pts++) gate.add(video(1, pts));
	for (let pts = GOP + 1; pts <= 2 * GOP; pts++) gate.add(video(0, pts));
	expect(taken).toEqual(["run 1", `1 ${2 * GOP}`, `1 ${2 * GOP + 1}`, `0 ${2 * GOP}`]);
});

test("sound that was heard already puts the beginning off, and a new run begins at once", () => {
	const gate = new PublicationGate();
	const { taken, ...to } = taker();
	gate.startRun(run);
	// Up to 2.005 s, a moment after picture 60.
	gate.add(sound(93));
	gate.open(to, 0);
	for (const track of [0, 1]) gate.add(video(track, GOP));
	for (const track of [0, 1]) gate.add(video(track, 2 * GOP));
	gate.startRun({ ...run, run: 2 });
	gate.add(video(0, 0));
	expect(taken).toEqual(["run 1", "0 120", "1 120", "run 2", "0 0"]);
});

test("what was captured before and is still under way does not pass, however wrong the clock is", () => {
	for (const [nowMs, first] of [
		[2000, 60],
		[2001, 120],
		[3_600_000, 120],
		[-3_600_000, 60],
	] as const) {
		const gate = new PublicationGate();
		const { taken, ...to } = taker();
		gate.startRun(run);
		for (let pts = 0; pts < GOP; pts++) gate.add(video(0, pts));
		gate.open(to, nowMs);
		for (let pts = GOP; pts <= 2 * GOP; pts++) gate.add(video(0, pts));
		expect([nowMs, taken[1]]).toEqual([nowMs, `0 ${first}`]);
	}
});

test("a run that began before it was opened and comes after it waits for its next keyframe", () => {
	const gate = new PublicationGate();
	const { taken, ...to } = taker();
	gate.open(to, 40);
	gate.startRun(run);
	for (let pts = 0; pts <= GOP; pts++) gate.add(video(0, pts));
	expect(taken).toEqual(["run 1", `0 ${GOP}`]);
});
