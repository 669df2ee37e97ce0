/** `npm run validate`: prints the rules a live LL-HLS stream breaks, and ends with 1 when there are any. */
import { parseArgs } from "node:util";
import { judgeHls } from "../hls-validator.ts";
import { summary } from "./summary.ts";

const usage = `npm run validate -- URL [--seconds 30] [--outage 0]

  URL           of a multivariant playlist, http or https, while the stream is live
  --seconds N   how long it is followed, besides what every question takes that is asked of it
  --outage N    seconds for which the server may be away, as when it is restarted

Rules are numbered as in docs/ll-hls.md.
`;

try {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			seconds: { type: "string", default: "30" },
			outage: { type: "string", default: "0" },
			help: { type: "boolean", default: false },
		},
	});
	const [url] = positionals;
	const [seconds, outage] = [Number(values.seconds), Number(values.outage)];
	if (values.help) write(usage);
	else if (positionals.length !== 1 || !url || !/^https?:/.test(url))
		throw new Error("one http or https URL is needed");
	else if (!(seconds > 0 && seconds <= 86_400)) throw new Error("--seconds is not a number from 1 to 86400");
	else if (!(outage >= 0 && outage <= 600)) throw new Error("--outage is not a number from 0 to 600");
	else await validate(url, seconds, outage * 1000);
} catch (error) {
	process.stderr.write(`${(error as Error).message}\n\n${usage}`);
	process.exitCode = 2;
}

async function validate(url: string, seconds: number, toleratedOutageMs: number): Promise<void> {
	const { findings, measured } = await judgeHls(url, { seconds, toleratedOutageMs });
	findings.sort((a, b) => a.rule - b.rule);
	for (const { rule, detail } of findings) write(`✗ rule ${rule}: ${detail}\n`);
	if (measured) for (const [what, figure] of Object.entries(summary(measured))) write(`  ${what}: ${figure}\n`);
	write(findings.length === 0 ? "It breaks no rule.\n" : `${findings.length} findings.\n`);
	process.exitCode = findings.length === 0 ? 0 : 1;
}

function write(text: string): void {
	process.stdout.write(text);
}
