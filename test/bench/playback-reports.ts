/**
 * What the reports of many viewers' players cost: all arrive within ten seconds, and then each reports as often as the
 * server asks. `--viewers 10,1000,5000`.
 */
import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type PlaybackReport, playbackAdviceSchema } from "../../core/protocol/playback.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { cpuSeconds, residentBytes } from "./support/process-usage.ts";
import { percentile, printRow, round } from "./support/row.ts";

const ARRIVAL_MS = 10_000;
const IDLE_MS = 5000;
/** Begins once everybody has reported again, as seldom as the full audience does. */
const STEADY_MS = 30_000;
/** The server limits what comes from one; viewers have many. */
const ADDRESSES = 50;
const SOCKETS_OF_AN_ADDRESS = 4;

const { values } = parseArgs({ options: { viewers: { type: "string", default: "10,1000,5000" } } });

for (const viewers of values.viewers.split(",").map(Number)) {
	const server = await startRostrumServer();
	try {
		printRow("playback-reports", { viewers, ...(await measure(server, viewers)) });
	} finally {
		await server.close();
	}
}

async function measure(server: RostrumServer, viewers: number): Promise<Record<string, number>> {
	const { id } = await server.api.createWebinar("Reports");
	await server.api.start(id);
	const url = `${server.baseUrl.replace("localhost", "127.0.0.1")}/api/webinars/${id}/playback`;
	const agents = Array.from(
		{ length: ADDRESSES },
		(_, at) => new Agent({ keepAlive: true, maxSockets: SOCKETS_OF_AN_ADDRESS, localAddress: `127.0.1.${at + 1}` }),
	);
	const tookMs: number[] = [];
	let refused = 0;
	let running = true;

	async function view(index: number): Promise<void> {
		await wait(Math.random() * ARRIVAL_MS);
		while (running) {
			const report: PlaybackReport = {
				viewer: index.toString(36).padStart(12, "0"),
				state: "playing",
				startUpMs: 500 + (index % 700),
				latencyMs: 900 + (index % 500),
				stalls: 0,
				stalledMs: 0,
				heightPixels: [1080, 720, 480][index % 3] ?? 0,
			};
			const sentMs = performance.now();
			const answer = await post(url, JSON.stringify(report), agents[index % ADDRESSES]);
			tookMs.push(performance.now() - sentMs);
			if (answer.status !== 200) refused++;
			const { nextInMs } = playbackAdviceSchema.parse(answer.body);
			await Promise.race([wait(nextInMs * (0.9 + 0.2 * Math.random())), ended]);
		}
	}

	let end = () => {};
	const ended = new Promise<void>((resolve) => {
		end = resolve;
	});
	const idle = await usage(server, tookMs, IDLE_MS);
	const residentBefore = residentBytes(server.pid);
	const all = Promise.all(Array.from({ length: viewers }, (_, index) => view(index)));
	const arrival = await usage(server, tookMs, ARRIVAL_MS);
	await wait(Math.max(10_000, viewers * 10) * 1.1);
	const steady = await usage(server, tookMs, STEADY_MS);
	const residentAfter = residentBytes(server.pid);
	running = false;
	end();
	await all;
	for (const agent of agents) agent.destroy();
	const microseconds = ({ cpuPerS, perS }: typeof steady) => round(((cpuPerS - idle.cpuPerS) / perS) * 1e6, 0);
	return {
		arrivingPerS: round(arrival.perS, 1),
		arrivingCpuMicroseconds: microseconds(arrival),
		steadyPerS: round(steady.perS, 1),
		steadyCpuMicroseconds: microseconds(steady),
		steadyCores: round(steady.cpuPerS - idle.cpuPerS, 4),
		p50Ms: round(percentile(tookMs, 0.5), 2),
		p99Ms: round(percentile(tookMs, 0.99), 1),
		refused,
		moreMiB: round((residentAfter - residentBefore) / 2 ** 20, 1),
	};
}

/** Cores the server used, and reports it answered, each second of that time. */
async function usage({ pid }: RostrumServer, answered: unknown[], forMs: number) {
	const before = { cpu: cpuSeconds(pid), answered: answered.length, ms: performance.now() };
	await wait(forMs);
	const seconds = (performance.now() - before.ms) / 1000;
	return {
		cpuPerS: (cpuSeconds(pid) - before.cpu) / seconds,
		perS: (answered.length - before.answered) / seconds,
	};
}

function post(url: string, body: string, agent: Agent | undefined): Promise<{ status: number; body: unknown }> {
	return new Promise((resolve, reject) => {
		const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
		const sent = request(url, { method: "POST", headers, agent }, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () =>
				resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }),
			);
		});
		sent.on("error", reject);
		sent.end(body);
	});
}
