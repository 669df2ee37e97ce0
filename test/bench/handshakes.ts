/**
 * How many publishers a second get connected when many come at once: from the first request until the last has ICE and
 * DTLS behind it. Each client's own half of the handshakes runs on the same machine.
 */
import { measureInTurn } from "./support/in-turn.ts";
import { PeerClient } from "./support/peer-client.ts";
import { cpuSeconds } from "./support/process-usage.ts";
import { median, printRow, round } from "./support/row.ts";
import type { ServerUnderTest } from "./support/server-under-test.ts";
import { ssrcOf } from "./support/video-load.ts";

const REPEATS = 3;
const CLIENTS = 40;

for (const { server, measured } of await measureInTurn(REPEATS, measure)) {
	printRow("handshakes", {
		server,
		clients: CLIENTS,
		perSecond: round(median(measured.map(({ seconds }) => CLIENTS / seconds)), 1),
		serverCpuMsEach: round(median(measured.map(({ cpu }) => (cpu * 1000) / CLIENTS)), 1),
	});
}
// libdatachannel would keep the process.
process.exit();

async function measure(server: ServerUnderTest): Promise<{ seconds: number; cpu: number }> {
	const clients = Array.from({ length: CLIENTS }, (_, at) => new PeerClient(`publisher ${at}`));
	try {
		const cpuBefore = cpuSeconds(server.pid);
		const startedMs = performance.now();
		await Promise.all(
			clients.map(async (client, at) => {
				client.addSending(ssrcOf(at));
				await server.publish(at, client);
				await client.connected;
			}),
		);
		const seconds = (performance.now() - startedMs) / 1000;
		return { seconds, cpu: cpuSeconds(server.pid) - cpuBefore };
	} finally {
		for (const client of clients) client.close();
	}
}
