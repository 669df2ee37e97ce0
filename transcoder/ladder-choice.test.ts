import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Ladder } from "./ladder.ts";
import { chooseLadder, type LadderChoiceOptions } from "./ladder-choice.ts";

const CORES = cpus().length;

let dataDir: string;
let lines: { msg: string; measured?: unknown }[];
let measured: number[];
/** By the height of the top rung, as a share of the machine. */
let shares: Record<number, number>;
let otherCores: number;

beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "ladder-"));
	lines = [];
	measured = [];
	shares = { 1080: 0.2, 720: 0.1, 480: 0.05, 240: 0.02 };
	otherCores = 0;
});

afterEach(() => rm(dataDir, { recursive: true }));

async function choose(options: Partial<LadderChoiceOptions> = {}): Promise<number[]> {
	const measure = async ([{ height }]: Ladder) => {
		measured.push(height);
		return { cores: (shares[height] ?? 0) * CORES, speed: 2, otherCores };
	};
	const log = pino({ level: "info" }, { write: (line) => lines.push(JSON.parse(line)) });
	const ladder = await chooseLadder(
		{ setting: "auto", encoder: "x264", dataDir, ffmpegVersion: "5.1", measure, ...options },
		log,
	);
	return ladder.map(({ height }) => height);
}

it("takes the ladder that is set, and measures nothing", async () => {
	expect(await choose({ setting: [360, 720] })).toEqual([720, 360]);
	expect(measured).toEqual([]);
});

it("takes every rung where there is room, measures once, and says so with the figures", async () => {
	shares[1080] = (CORES - 0.7) / CORES;
	expect(await choose()).toEqual([1080, 720, 480, 240]);
	expect(await choose()).toEqual([1080, 720, 480, 240]);
	expect(measured).toEqual([1080]);
	expect(lines.map(({ msg }) => msg)).toEqual(["ladder measured", "ladder as measured at an earlier start"]);
	const cores = expect.closeTo(CORES - 0.7, 1);
	expect(lines[1]?.measured).toEqual([{ heights: [1080, 720, 480, 240], cores, speed: 2, otherCores: 0 }]);
});

it("leaves out rungs until the rest of a programme has room, and keeps the last in any case", async () => {
	shares[1080] = (CORES - 0.6) / CORES;
	expect(await choose()).toEqual([720, 480, 240]);
	shares = { 1080: 2, 720: 2, 480: 2, 240: 2 };
	expect(await choose({ ffmpegVersion: "6" })).toEqual([240]);
	expect(measured).toEqual([1080, 720, 1080, 720, 480, 240]);
});

it("measures again for another machine, and after a start beside other work", async () => {
	await choose();
	await choose({ encoder: "vaapi" });
	otherCores = 1;
	await choose();
	otherCores = 0;
	await choose();
	await choose();
	expect(measured).toEqual([1080, 1080, 1080, 1080]);
});

it("does not take a GPU's ladder that is hardly faster than the programme", async () => {
	const measure = async ([{ height }]: Ladder) => ({ cores: 0.1, speed: height > 480 ? 1.1 : 2, otherCores: 0 });
	expect(await choose({ encoder: "nvenc", measure })).toEqual([480, 240]);
});

it("has a ladder when nothing can be measured, and when the file is broken", async () => {
	await writeFile(join(dataDir, "ladder.json"), '{"machine":');
	const measure = () => Promise.reject(new Error("no /proc"));
	expect(await choose({ measure })).toEqual([720, 480, 240]);
	expect(await choose()).toEqual([1080, 720, 480, 240]);
});
