import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ladderOf } from "../ladder.ts";
import { measureEncoder } from "./encoder-cost.ts";

let socketDir: string;

beforeAll(async () => {
	socketDir = await mkdtemp(join(tmpdir(), "cost-"));
});

afterAll(() => rm(socketDir, { recursive: true }));

it("measures what a ladder costs by encoding it", async () => {
	const options = { encoder: "x264" as const, ladder: ladderOf([360, 240]), socketDir };
	const { cores, speed, otherCores } = await measureEncoder(options, new AbortController().signal);
	expect(cores).toBeGreaterThan(0);
	expect(speed).toBeGreaterThan(0);
	expect(otherCores).not.toBeNaN();
});

it("ends when it is aborted", async () => {
	const options = { encoder: "x264" as const, ladder: ladderOf([360, 240]), socketDir };
	await expect(measureEncoder(options, AbortSignal.abort())).rejects.toThrow();
});
