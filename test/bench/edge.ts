/**
 * Simulated LL-HLS viewers as in `audience`, through an edge of deploy/edge that stands on this machine, as do the server
 * and the viewers. A row for each edge and number of viewers; besides the figures of `audience`:
 *
 * - `edge`: `none`, `varnish`, `nginx`, or `nginx-unlocked`: nginx that merges no requests for playlists
 * - `originRequestsPerSecond`: what reaches the server
 * - `edgeCores`; `joinLatencyMs`: how far behind the camera whoever comes now plays, at the hold-back that is asked for
 *
 * The rows `segments` are of the obvious alternative: whole segments of 2 s by ffmpeg's HLS muxer, served by nginx.
 *
 * Options: --edges none,varnish,nginx,nginx-unlocked,segments --viewers 10,1000,5000, --seconds 15, --bitrate 1000000.
 */
import { parseArgs } from "node:util";
import { type EdgeServer, startEdgeServer } from "../support/edge-server.ts";
import { descendantsOf } from "../support/processes.ts";
import { AudienceRun } from "./support/audience-run.ts";
import { startRecordingTarget } from "./support/audience-target.ts";
import { JoinLatency } from "./support/join-latency.ts";
import { cpuSeconds } from "./support/process-usage.ts";
import { printRow } from "./support/row.ts";
import { startUnlockedNginx } from "./support/unlocked-nginx.ts";
import { measureWholeSegments } from "./support/whole-segments.ts";

const { values } = parseArgs({
	options: {
		edges: { type: "string", default: "none,varnish,nginx,nginx-unlocked,segments" },
		viewers: { type: "string", default: "10,1000,5000" },
		seconds: { type: "string", default: "15" },
		bitrate: { type: "string", default: "1000000" },
	},
});
const seconds = Number(values.seconds);

for (const edge of values.edges.split(",")) {
	for (const count of values.viewers.split(",").map(Number)) {
		if (edge === "segments")
			printRow("edge", { edge, ...(await measureWholeSegments({ count, seconds, bitrate: Number(values.bitrate) })) });
		else await measure(edge, count);
	}
}

async function measure(edge: string, count: number): Promise<void> {
	const target = await startRecordingTarget(Number(values.bitrate));
	let server: EdgeServer | undefined;
	let run: AudienceRun | undefined;
	try {
		const { host, pathname } = target.url;
		server = await startEdge(edge, host);
		const pids = server ? [server.pid, ...(await descendantsOf(server.pid)).map(({ pid }) => pid)] : [];
		const url = new URL(pathname, server?.baseUrl ?? target.url);
		const counters = {
			originRequestsPerSecond: () => answersOf(host),
			originCores: () => cpuSeconds(target.pid),
			edgeCores: () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
		};
		run = new AudienceRun({ url, published: target.published, counters });
		await run.join(count);
		const joining = JoinLatency.observe(url);
		const figures = await run.measure(seconds);
		printRow("edge", { edge, ...figures, joinLatencyMs: await joining.end() });
	} finally {
		run?.close();
		await server?.close();
		await target.close();
	}
}

async function startEdge(edge: string, address: string): Promise<EdgeServer | undefined> {
	if (edge === "none") return undefined;
	if (edge === "nginx-unlocked") return await startUnlockedNginx(address);
	if (edge === "varnish" || edge === "nginx") return await startEdgeServer(edge, address);
	throw new Error(`there is no edge ${edge}`);
}

/** How many requests the server has answered. */
async function answersOf(address: string): Promise<number> {
	const text = await (await fetch(`http://${address}/metrics`)).text();
	const counts = [...text.matchAll(/^rostrum_origin_answers_total\{.*\} (\d+)$/gm)];
	return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
