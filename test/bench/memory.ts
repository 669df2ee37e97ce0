/**
 * Memory that a server takes for each connected publisher that sends next to nothing: one small packet a second, so that
 * no server takes it for gone.
 */
import { setTimeout as delay } from "node:timers/promises";
import { measureInTurn } from "./support/in-turn.ts";
import { PeerClient } from "./support/peer-client.ts";
import { residentBytes } from "./support/process-usage.ts";
import { median, printRow, round } from "./support/row.ts";
import type { ServerUnderTest } from "./support/server-under-test.ts";
import { ssrcOf, startVideo } from "./support/video-load.ts";

const REPEATS = 3;
const STEPS = [0, 50, 100];
const SETTLE_MS = 3_000;
const PACKET_BYTES = 100;
const MEBI = 2 ** 20;

for (const { server, measured } of await measureInTurn(REPEATS, measure)) {
	const middle = (pick: (steps: Memory[]) => number, digits = 1) => round(median(measured.map(pick)), digits);
	const at = (steps: Memory[], step: number, what: keyof Memory) => steps[step]?.[what] ?? Number.NaN;
	const hasHeap = measured.every((steps) => steps.every(({ heap }) => heap > 0));
	printRow("memory", {
		server,
		...Object.fromEntries(
			STEPS.map((count, step) => [`rssMiB${count}`, middle((steps) => at(steps, step, "rss") / MEBI)]),
		),
		// From the second half alone: the first also pays for what is there once.
		rssKiBEach: middle((steps) => (at(steps, 2, "rss") - at(steps, 1, "rss")) / 1024 / 50, 0),
		...(hasHeap && { heapKiBEach: middle((steps) => (at(steps, 2, "heap") - at(steps, 1, "heap")) / 1024 / 50, 1) }),
	});
}
// libdatachannel would keep the process.
process.exit();

interface Memory {
	/** Bytes. */
	rss: number;
	/** Bytes; 0 where there is no such thing. */
	heap: number;
}

async function measure(server: ServerUnderTest): Promise<Memory[]> {
	const clients: PeerClient[] = [];
	const loads: { stop(): void }[] = [];
	const found: Memory[] = [];
	try {
		for (const count of STEPS) {
			const fresh: PeerClient[] = [];
			for (let at = clients.length; at < count; at++) {
				const client = new PeerClient(`publisher ${at}`);
				clients.push(client);
				fresh.push(client);
				client.addSending(ssrcOf(at));
				await server.publish(at, client);
				await client.connected;
			}
			loads.push(startVideo(fresh, 1, PACKET_BYTES));
			await delay(SETTLE_MS);
			const heap = (await server.heapBytes()) ?? 0;
			found.push({ rss: residentBytes(server.pid), heap });
		}
		return found;
	} finally {
		for (const load of loads) load.stop();
		for (const client of clients) client.close();
	}
}
