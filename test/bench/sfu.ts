/**
 * CPU time that a server takes for each packet it receives or forwards, beside Janus: participants who all publish video
 * and all get everybody else's. Clients are in this process; the machine is shared with them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { measureInTurn } from "./support/in-turn.ts";
import { PeerClient } from "./support/peer-client.ts";
import { cpuSeconds, cpuSecondsOfThreads } from "./support/process-usage.ts";
import { median, printRow, round } from "./support/row.ts";
import type { ServerUnderTest } from "./support/server-under-test.ts";
import { ssrcOf, startVideo } from "./support/video-load.ts";

interface Case {
	participants: number;
	packetsPerSecond: number;
}

const cases: Case[] = [
	{ participants: 6, packetsPerSecond: 300 },
	{ participants: 9, packetsPerSecond: 350 },
];
const PACKET_BYTES = 1150;
const REPEATS = 3;
const WARM_UP_MS = 4_000;
const WINDOW_MS = 10_000;
/** Of the packets that were due at clients; more that are missing, or came twice, make a comparison meaningless. */
const TOLERATED_SHARE = 0.01;

interface Measured {
	microsPerPacket: number;
	coreShare: number;
	/** Of what was due at the clients. */
	delivered: number;
	/** Per cent of a core by name of the thread, the busiest first. */
	threads: string;
}

for (const { participants, packetsPerSecond } of cases) {
	const results = await measureInTurn(REPEATS, (server) => measure(server, { participants, packetsPerSecond }));
	for (const { server, measured } of results) {
		const worst = measured.find(({ delivered }) => Math.abs(delivered - 1) > TOLERATED_SHARE);
		if (worst) {
			process.stderr.write(`No row for ${server}: ${round(worst.delivered * 100, 2)} % of the packets came.\n`);
			process.exitCode = 1;
			continue;
		}
		const middle = measured.toSorted((a, b) => a.microsPerPacket - b.microsPerPacket)[Math.floor(measured.length / 2)];
		printRow("sfu", {
			server,
			load: `${participants}x${participants - 1}x${packetsPerSecond}`,
			microsPerPacket: round(median(measured.map(({ microsPerPacket }) => microsPerPacket)), 1),
			all: measured.map(({ microsPerPacket }) => round(microsPerPacket, 1)).join(" "),
			corePercent: round((middle?.coreShare ?? 0) * 100, 1),
			deliveredPercent: round((middle?.delivered ?? 0) * 100, 2),
			threads: middle?.threads ?? "",
		});
	}
}
// libdatachannel would keep the process.
process.exit();

async function measure(server: ServerUnderTest, { participants, packetsPerSecond }: Case): Promise<Measured> {
	const everyone = Array.from({ length: participants }, (_, at) => at);
	const publishers = everyone.map((at) => new PeerClient(`publisher ${at}`));
	const subscribers = everyone.map((at) => new PeerClient(`subscriber ${at}`));
	const clients = [...publishers, ...subscribers];
	let video: { stop(): void } | undefined;
	try {
		for (const at of everyone) {
			publishers[at]?.addSending(ssrcOf(at));
			await server.publish(at, publishers[at] as PeerClient);
			await publishers[at]?.connected;
		}
		video = startVideo(publishers, packetsPerSecond, PACKET_BYTES);
		for (const at of everyone) {
			const others = everyone.filter((other) => other !== at);
			await server.subscribe(at, others, subscribers[at] as PeerClient);
			await subscribers[at]?.connected;
		}
		await delay(WARM_UP_MS);
		const before = sample(server, publishers, subscribers);
		await delay(WINDOW_MS);
		return compare(before, sample(server, publishers, subscribers), participants - 1);
	} finally {
		video?.stop();
		for (const client of clients) client.close();
	}
}

type Sample = ReturnType<typeof sample>;

function sample(server: ServerUnderTest, publishers: PeerClient[], subscribers: PeerClient[]) {
	return {
		atMs: performance.now(),
		cpu: cpuSeconds(server.pid),
		threads: cpuSecondsOfThreads(server.pid),
		sent: publishers.reduce((sum, { sent }) => sum + sent, 0),
		received: subscribers.reduce((sum, { received }) => sum + received, 0),
	};
}

function compare(before: Sample, after: Sample, copies: number): Measured {
	const sent = after.sent - before.sent;
	const received = after.received - before.received;
	const cpu = after.cpu - before.cpu;
	const seconds = (after.atMs - before.atMs) / 1000;
	const threads = new Map<string, number>();
	for (const [id, used] of after.threads) {
		// hloop 3412/77 and hloop 81/78 do the same for two peers.
		const name = id.replace(/[\d\s/]+$/, "");
		threads.set(name, (threads.get(name) ?? 0) + (used - (before.threads.get(id) ?? 0)) / seconds);
	}
	const busiest = [...threads].filter(([, share]) => share > 0.005).sort(([, a], [, b]) => b - a);
	return {
		microsPerPacket: (cpu / (sent + received)) * 1e6,
		coreShare: cpu / seconds,
		delivered: received / (sent * copies),
		threads: busiest.map(([name, share]) => `${name} ${round(share * 100, 1)}`).join(", "),
	};
}
