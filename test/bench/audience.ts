/**
 * Simulated LL-HLS viewers (blocking reloads and parts over a connection each, every byte compared) of one rung, in parts of
 * a third of a second. A row for each number of viewers:
 *
 * - `partMs`: from a part's listing to its last byte, `lateMs`: from its publication; p50, p99 and the longest
 * - `stalled`: parts that came later than a player that is a hold-back of three parts behind can wait
 * - `originCores`, `generatorCores`; `kibPerViewer`: what a viewer adds to the origin's memory
 *
 * The rung is of a recording, of 1 Mbit/s with sound. With --programme it is that of a real server which composes and
 * encodes two presenters at the same time: 360p, `lateMs` is from when the part's last picture was captured, and
 * `programmeCores` is what the programme's own processes take.
 *
 * Options: --viewers 1000,3000,5000, --seconds 20, --bitrate 1000000, --programme.
 */
import { parseArgs } from "node:util";
import { AudienceRun } from "./support/audience-run.ts";
import { type AudienceTarget, startProgrammeTarget, startRecordingTarget } from "./support/audience-target.ts";
import { cpuSeconds, residentBytes } from "./support/process-usage.ts";
import { printRow, round } from "./support/row.ts";

const { values } = parseArgs({
	options: {
		viewers: { type: "string", default: "1000,3000,5000" },
		seconds: { type: "string", default: "20" },
		bitrate: { type: "string", default: "1000000" },
		programme: { type: "boolean", default: false },
	},
});

for (const count of values.viewers.split(",").map(Number)) {
	const target = values.programme ? await startProgrammeTarget() : await startRecordingTarget(Number(values.bitrate));
	try {
		await measure(target, count);
	} finally {
		await target.close();
	}
}

async function measure({ url, published, pid, programmePids }: AudienceTarget, count: number): Promise<void> {
	const emptyBytes = residentBytes(pid);
	const counters = {
		originCores: () => cpuSeconds(pid),
		...(programmePids.length > 0 && {
			programmeCores: () => programmePids.reduce((sum, programme) => sum + cpuSeconds(programme), 0),
		}),
	};
	const run = new AudienceRun({ url, published, counters });
	try {
		await run.join(count);
		const figures = await run.measure(Number(values.seconds));
		const kibPerViewer = round((residentBytes(pid) - emptyBytes) / 1024 / count, 1);
		printRow("audience", { programme: String(values.programme), ...figures, kibPerViewer });
	} finally {
		run.close();
	}
}
