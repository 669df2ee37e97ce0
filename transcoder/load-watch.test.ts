import { pino } from "pino";
import { beforeEach, expect, it } from "vitest";
import { type LoadReport, LoadWatch } from "./load-watch.ts";

let reports: LoadReport[];
let lines: { level: number; msg: string; shedding?: string; maxBacklogFrames?: number; repeatedPictures?: number }[];
let watch: LoadWatch;

beforeEach(() => {
	reports = [];
	lines = [];
	const log = pino({ level: "debug" }, { write: (line) => lines.push(JSON.parse(line)) });
	watch = new LoadWatch({ rungs: 2 }, { log, reported: (report) => reports.push(report) });
});

it("reports the most of every second, and says the most of ten at debug level", () => {
	for (let tick = 1; tick <= 300; tick++)
		watch.tick({ backlog: tick === 45 ? 9 : 2, behind: 0, lateByMs: tick === 50 ? 10 : 9 });
	expect(reports).toHaveLength(10);
	expect(reports.map(({ backlogFrames }) => backlogFrames)).toEqual([2, 9, 2, 2, 2, 2, 2, 2, 2, 2]);
	expect(reports.map(({ lateTicks }) => lateTicks)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
	expect(lines).toHaveLength(1);
	expect(lines[0]).toMatchObject({ level: 20, maxBacklogFrames: 9, repeatedPictures: 0, shedding: "none" });
});

it("reports and warns of what is shed, once for each change", () => {
	for (let tick = 1; tick < 30; tick++) watch.tick({ backlog: 16, behind: 0, lateByMs: 0 });
	expect(reports).toEqual([{ backlogFrames: 16, shedding: "transitions", lateTicks: 0, repeatedPictures: 6 }]);
	expect(watch.shedding).toBe("transitions");
	expect(lines.filter(({ level }) => level === 40)).toHaveLength(1);
});
