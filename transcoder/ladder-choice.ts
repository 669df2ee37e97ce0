import { readFile, rename, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import { type Ladder, ladderOf } from "./ladder.ts";

/** Of `auto`, best first. */
const candidates = [[1080, 720, 480, 240], [720, 480, 240], [480, 240], [240]];
/** Of a machine that nothing can be measured on. */
const unmeasured = [720, 480, 240];

/**
 * Cores that one programme's encoder must leave: 0.4 for decoding and composing six people at 1080p (a target of the
 * design), 0.2 for the SFU among them, 0.1 for packager, origin and pages.
 */
const LEFT_CORES = 0.7;
/** Seconds of programme in a second, at the least: a GPU's limit does not show in CPU time. */
const LEAST_GPU_SPEED = 1.3;
/** Other work of that many cores makes CPU time dearer: what was measured beside it holds for this start alone. */
const MOST_OTHER_CORES = 0.3;
const FILE_NAME = "ladder.json";
/** Of what decides: with another one it is measured anew. */
const REVISION = 1;

const costSchema = z.object({
	/** CPU seconds for each second of programme. */
	cores: z.number(),
	/** Seconds of programme encoded in a second. */
	speed: z.number(),
	/** Cores that other processes took meanwhile. */
	otherCores: z.number(),
});
const choiceSchema = z.object({
	machine: z.string(),
	heights: z.array(z.number()).min(1),
	measured: z.array(costSchema.extend({ heights: z.array(z.number()) })),
});
type Choice = z.infer<typeof choiceSchema>;

export interface LadderChoiceOptions {
	setting: Config["ladder"];
	encoder: Config["encoder"];
	dataDir: string;
	/** Another one is measured anew. */
	ffmpegVersion: string;
	measure: (ladder: Ladder) => Promise<z.infer<typeof costSchema>>;
}

/**
 * The ladder of the setting; of `auto`, the best that leaves this machine room for the rest of one programme. Measured once
 * for a machine, then kept in the data directory.
 */
export async function chooseLadder(
	{ setting, encoder, dataDir, ffmpegVersion, measure }: LadderChoiceOptions,
	log: Logger,
): Promise<Ladder> {
	if (setting !== "auto") return ladderOf(setting);
	const processors = cpus();
	const machine = [processors[0]?.model.trim(), processors.length, ffmpegVersion, encoder, REVISION].join(" / ");
	const path = join(dataDir, FILE_NAME);
	const kept = await readChoice(path);
	if (kept?.machine === machine) {
		log.info(kept, "ladder as measured at an earlier start");
		return ladderOf(kept.heights);
	}
	const budgetCores = Math.max(processors.length - LEFT_CORES, 0);
	const measured: Choice["measured"] = [];
	let heights = unmeasured;
	try {
		for (heights of candidates) {
			const { cores, speed, otherCores } = await measure(ladderOf(heights));
			measured.push({ heights, cores: rounded(cores), speed: rounded(speed), otherCores: rounded(otherCores) });
			if (cores <= budgetCores && (encoder === "x264" || speed >= LEAST_GPU_SPEED)) break;
		}
	} catch (err) {
		log.warn({ err, heights: unmeasured }, "no ladder can be measured here: set LADDER to have another");
		return ladderOf(unmeasured);
	}
	const choice: Choice = { machine, heights, measured };
	if (measured.some(({ otherCores }) => otherCores > MOST_OTHER_CORES)) {
		log.warn({ ...choice, budgetCores }, "ladder measured beside other work: it is measured again at the next start");
	} else {
		log.info({ ...choice, budgetCores }, "ladder measured");
		await keepChoice(path, choice).catch((err) => log.warn({ err }, "the measured ladder cannot be kept"));
	}
	return ladderOf(heights);
}

async function readChoice(path: string): Promise<Choice | undefined> {
	try {
		return choiceSchema.parse(JSON.parse(await readFile(path, "utf8")));
	} catch {
		return undefined; // none yet, or one that is of no use
	}
}

async function keepChoice(path: string, choice: Choice): Promise<void> {
	await writeFile(`${path}.new`, `${JSON.stringify(choice)}\n`);
	await rename(`${path}.new`, path);
}

function rounded(value: number): number {
	return Number(value.toFixed(2));
}
