import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/deadline.ts";
import { freeTcpPort } from "../../support/free-ports.ts";
import { HttpClient } from "../../support/hls/http-client.ts";
import { descendantsOf } from "../../support/processes.ts";
import { JoinLatency } from "./join-latency.ts";
import { cpuSeconds } from "./process-usage.ts";
import { type Figure, percentile, round } from "./row.ts";

const SEGMENT_S = 2;
const START_DEADLINE_MS = 60_000;

interface WholeSegmentsOptions {
	count: number;
	seconds: number;
	/** Bits per second. */
	bitrate: number;
}

/** Viewers of segments by ffmpeg's HLS muxer in a folder that nginx serves, as countless guides have it. */
export async function measureWholeSegments(options: WholeSegmentsOptions): Promise<Record<string, Figure>> {
	const folder = await mkdtemp(join(tmpdir(), "rostrum-segments-"));
	await chmod(folder, 0o755);
	const port = await freeTcpPort();
	await writeFile(join(folder, "nginx.conf"), nginxConf(port));
	const nginx = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], {
		env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
		stdio: ["ignore", "ignore", "inherit"],
	});
	const ffmpeg = spawn("ffmpeg", ffmpegArgs(options.bitrate), { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
	const client = new HttpClient();
	try {
		const url = new URL(`http://127.0.0.1:${port}/index.m3u8`);
		const hasBegun = async () => {
			const answer = await client.get(url).catch(() => undefined);
			return answer?.status === 200 && answer.body.includes("#EXTINF") && segmentsIn(answer.body).length >= 3;
		};
		await eventually(hasBegun, START_DEADLINE_MS, () => "no segments");
		const pids = [nginx.pid ?? 0, ...(await descendantsOf(nginx.pid ?? 0)).map(({ pid }) => pid)];
		return await watch(url, options, () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0));
	} finally {
		client.close();
		const exited = [nginx, ffmpeg].map((child) => once(child, "exit"));
		ffmpeg.kill("SIGKILL");
		nginx.kill("SIGTERM");
		await Promise.all(exited);
		await rm(folder, { recursive: true });
	}
}

async function watch(
	url: URL,
	{ count, seconds }: WholeSegmentsOptions,
	edgeCpuSeconds: () => number,
): Promise<Record<string, Figure>> {
	const tally: Tally = { requests: 0, bytes: 0, segmentMs: [], failed: 0 };
	const stop = new AbortController();
	const clients = Array.from({ length: count }, () => new HttpClient());
	const watching = clients.map(async (client, index) => {
		await delay((index / count) * SEGMENT_S * 1000);
		await watchSegments(url, client, tally, stop.signal);
	});
	await delay(2 * SEGMENT_S * 1000);
	const before = { ...tally, edge: edgeCpuSeconds(), own: cpuSeconds(process.pid), ms: performance.now() };
	tally.segmentMs = [];
	const joining = JoinLatency.observe(url);
	await delay(seconds * 1000);
	const passedS = (performance.now() - before.ms) / 1000;
	const figures = {
		viewers: count,
		faults: tally.failed > 0 ? `${tally.failed} requests failed` : "none",
		segmentMs: [0.5, 0.99, 1].map((share) => round(percentile(tally.segmentMs, share), 0)).join(", "),
		requestsPerSecond: round((tally.requests - before.requests) / passedS, 2),
		mbitPerSecond: round((8 * (tally.bytes - before.bytes)) / passedS / 1e6, 2),
		edgeCores: round((edgeCpuSeconds() - before.edge) / passedS, 2),
		generatorCores: round((cpuSeconds(process.pid) - before.own) / passedS, 2),
		joinLatencyMs: await joining.end(),
	};
	stop.abort();
	await Promise.all(watching);
	for (const client of clients) client.close();
	return figures;
}

interface Tally {
	requests: number;
	bytes: number;
	segmentMs: number[];
	failed: number;
}

/** Asks for the playlist as RFC 8216 section 6.3.4 has it: after a segment's time, after half of it when nothing had come. */
async function watchSegments(url: URL, client: HttpClient, tally: Tally, stop: AbortSignal): Promise<void> {
	const get = async (name: URL) => {
		const answer = await client.get(name, { "accept-encoding": "gzip" });
		tally.requests++;
		tally.bytes += answer.body.length;
		if (answer.status !== 200) tally.failed++;
		return answer;
	};
	let newest = "";
	while (!stop.aborted) {
		const askedMs = performance.now();
		const { body } = await get(url);
		const last = segmentsIn(body).at(-1) ?? "";
		const isNew = last !== newest;
		if (isNew) tally.segmentMs.push((await get(new URL(last, url))).tookMs);
		newest = last;
		const waitMs = askedMs + SEGMENT_S * 1000 * (isNew ? 1 : 0.5) - performance.now();
		await delay(Math.max(waitMs, 0), undefined, { signal: stop }).catch(() => {}); // the end
	}
}

function segmentsIn(playlist: Buffer): string[] {
	return playlist
		.toString()
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"));
}

function ffmpegArgs(bitrate: number): string[] {
	const rate = `-b:v ${bitrate} -maxrate ${bitrate} -bufsize ${bitrate}`;
	return [
		..."-v error -re -f lavfi -i testsrc2=s=640x360:r=30 -re -f lavfi -i sine=440:r=48000".split(" "),
		...`-c:v libx264 -preset ultrafast -tune zerolatency -g 60 -keyint_min 60 -sc_threshold 0 ${rate}`.split(" "),
		...`-c:a aac -b:a 64k -f hls -hls_time ${SEGMENT_S} -hls_list_size 10 -hls_segment_type fmp4`.split(" "),
		..."-hls_flags program_date_time+delete_segments+temp_file index.m3u8".split(" "),
	];
}

function nginxConf(port: number): string {
	return `daemon off; worker_processes auto; pid nginx.pid; error_log stderr crit;
events { worker_connections 8192; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
	client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
	types { application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; }
	server { listen 127.0.0.1:${port} backlog=4096; root .; add_header Access-Control-Allow-Origin *; }
}
`;
}
