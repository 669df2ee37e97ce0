/** `npm run validate`: prints the rules a live LL-HLS stream breaks, and ends with 1 when there are any. */
import { parseArgs } from "node:util";
import { validateHls } from "../hls-validator.ts";

const usage = `npm run validate -- URL [--seconds 30]

  URL           of a multivariant playlist, http or https, while the stream is live
  --seconds N   how long it is followed, besides what every question takes that is asked of it

Rules are numbered as in docs/ll-hls.md.
`;

try {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { seconds: { type: "string", default: "30" }, help: { type: "boolean", default: false } },
	});
	const [url] = positionals;
	const seconds = Number(values.seconds);
	if (values.help) write(usage);
	else if (positionals.length !== 1 || !url || !/^https?:/.test(url))
		throw new Error("one http or https URL is needed");
	else if (!(seconds > 0 && seconds <= 86_400)) throw new Error("--seconds is not a number from 1 to 86400");
	else await validate(url, seconds);
} catch (error) {
	process.stderr.write(`${(error as Error).message}\n\n${usage}`);
	process.exitCode = 2;
}

async function validate(url: string, seconds: number): Promise<void> {
	const findings = await validateHls(url, { seconds });
	findings.sort((a, b) => a.rule - b.rule);
	for (const { rule, detail } of findings) write(`✗ rule ${rule}: ${detail}\n`);
	write(findings.length === 0 ? "It breaks no rule.\n" : `${findings.length} findings.\n`);
	process.exitCode = findings.length === 0 ? 0 : 1;
}

function write(text: string): void {
	process.stdout.write(text);
}
