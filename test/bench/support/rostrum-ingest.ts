/** Ingest alone over HTTP, in a process of its own, with whatever webinar is asked for. A token is the number of a participant. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import fastify from "fastify";
import { Registry } from "prom-client";
import { createMemoryBus } from "../../../core/runtime/bus.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createLog } from "../../../core/runtime/log.ts";
import { answerWithProblems } from "../../../core/runtime/problem-answers.ts";
import { createIngest } from "../../../ingest/ingest.ts";
import { ANSWER, type HeapOfThread, QUESTION } from "./heap-probe.ts";

export type ToIngest =
	| { type: "heap" }
	| { type: "sessions" }
	/** As when the host ends a visit. */
	| { type: "remove"; webinarId: string; participant: number };

export interface FromIngest {
	origin?: string;
	heapBytes?: number;
	heaps?: HeapOfThread[];
	sessions?: number;
}

/** What a thread that is busy needs for its answer. */
const HEAP_WAIT_MS = 500;

const [directory = ""] = process.argv.slice(2);
const tell = (message: FromIngest) => process.send?.(message);
const personIdOf = (participant: number | string) => `p-${String(participant).padStart(12, "0")}`;
const bus = createMemoryBus({ onError: (err) => log.error({ err }, "a bus listener failed") });
const metrics = new Registry();
const log = createLog({ level: process.env["LOG_LEVEL"] ?? "warn", pretty: false });
const app = fastify({ bodyLimit: 64 * 1024 });
answerWithProblems(app, log);
let origin = "";
const ingest = await createIngest(
	{
		mediaPort: 0,
		publicAddresses: [],
		turn: undefined,
		strict: false,
		feedPath: join(directory, "feed.sock"),
		publicUrl: () => origin,
	},
	{
		log,
		clock: systemClock,
		bus,
		metrics,
		admit: async (token) => ({
			personId: personIdOf(token ?? ""),
			name: `Participant ${token}`,
			title: "",
			role: "presenter",
		}),
	},
);
await app.register(ingest.plugin);
origin = await app.listen({ port: 0, host: "127.0.0.1" });

process.on("message", async (message: ToIngest) => {
	if (message.type === "remove") {
		bus.publish("person-removed", { webinarId: message.webinarId, personId: personIdOf(message.participant) });
	} else if (message.type === "sessions") {
		const counted = await Promise.all(["rostrum_publishers", "rostrum_subscribers"].map(gaugeValue));
		tell({ sessions: counted.reduce((sum, value) => sum + value, 0) });
	} else {
		globalThis.gc?.();
		const heapBytes = process.memoryUsage().heapUsed;
		tell({ heapBytes, heaps: await askHeaps() });
	}
});
process.once("disconnect", async () => {
	await ingest.close();
	app.server.closeAllConnections();
	await app.close();
	process.exit();
});
tell({ origin });

async function gaugeValue(metric: string): Promise<number> {
	const found = await metrics.getSingleMetric(metric)?.get();
	return found?.values[0]?.value ?? 0;
}

/** Of all threads; the main one's own probe does not hear a question from its own thread's channel of that name. */
async function askHeaps(): Promise<HeapOfThread[]> {
	const answers = new BroadcastChannel(ANSWER);
	const questions = new BroadcastChannel(QUESTION);
	const heaps: HeapOfThread[] = [];
	answers.onmessage = (event) => heaps.push(event.data as HeapOfThread);
	questions.postMessage(null);
	await delay(HEAP_WAIT_MS);
	answers.close();
	questions.close();
	return heaps.sort((one, other) => one.thread - other.thread);
}
