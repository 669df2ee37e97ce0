/**
 * From a raw picture going into the encoder to its coded frame coming out of every rung, at 30 pictures a second with sound;
 * how long a warm encoder takes for its first frame; and how long the hole is when ffmpeg is killed. A row for each ladder.
 * Options: --ladders 1080,720,480,240+720,360, --seconds 20, --kills 3.
 */
import { parseArgs } from "node:util";
import { ladderOf } from "../../transcoder/ladder.ts";
import { programmeFormat } from "../../transcoder/programme-format.ts";
import { EncoderBench } from "./support/encoder-bench.ts";
import { percentile, printRow, round } from "./support/row.ts";

const { values } = parseArgs({
	options: {
		ladders: { type: "string", default: "1080,720,480,240+720,360" },
		seconds: { type: "string", default: "20" },
		kills: { type: "string", default: "3" },
	},
});

for (const heights of values.ladders.split("+")) await measure(heights);

async function measure(heights: string): Promise<void> {
	const ladder = ladderOf(heights.split(",").map(Number));
	const bench = await EncoderBench.start(ladder);
	try {
		await bench.frames(1);
		const firstMs = bench.firstFrameMs;
		await bench.frames(60);
		bench.latenciesMs.length = 0;
		await bench.frames(60 + Number(values.seconds) * programmeFormat.frameRate);
		const latenciesMs = [...bench.latenciesMs];
		const holesMs: number[] = [];
		for (let kill = 0; kill < Number(values.kills); kill++) holesMs.push(await bench.hole());
		printRow("encode-latency", {
			ladder: heights,
			p50Ms: round(percentile(latenciesMs, 0.5), 1),
			p95Ms: round(percentile(latenciesMs, 0.95), 1),
			maxMs: round(Math.max(...latenciesMs), 1),
			firstFrameMs: round(firstMs, 1),
			mostBacklog: bench.mostBacklog,
			holesMs: holesMs.map(Math.round).join(", "),
		});
	} finally {
		await bench.close();
	}
}
