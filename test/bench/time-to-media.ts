/**
 * How long a new subscriber waits: from the first request of its signalling (with the offer in hand where the client makes
 * it) to the first RTP packet of the publisher, who sends already and answers keyframe requests with the next frame.
 */
import { measureInTurn } from "./support/in-turn.ts";
import { PeerClient } from "./support/peer-client.ts";
import { percentile, printRow, round } from "./support/row.ts";
import type { ServerUnderTest } from "./support/server-under-test.ts";
import { ssrcOf, startVideo } from "./support/video-load.ts";

const REPEATS = 2;
const SUBSCRIBERS = 15;
const PACKETS_PER_SECOND = 300;
const PACKET_BYTES = 1150;
const DEADLINE_MS = 15_000;

for (const { server, measured } of await measureInTurn(REPEATS, measure)) {
	const all = measured.flat();
	const at = (share: number, what: keyof Waits) =>
		round(
			percentile(
				all.map((waits) => waits[what]),
				share,
			),
			0,
		);
	printRow("time-to-media", {
		server,
		subscribers: all.length,
		p50Ms: at(0.5, "mediaMs"),
		p95Ms: at(0.95, "mediaMs"),
		connectedP50Ms: at(0.5, "connectedMs"),
		connectedP95Ms: at(0.95, "connectedMs"),
	});
}
// libdatachannel would keep the process.
process.exit();

interface Waits {
	/** Until ICE and DTLS were done. */
	connectedMs: number;
	/** Until the first packet. */
	mediaMs: number;
}

async function measure(server: ServerUnderTest): Promise<Waits[]> {
	const publisher = new PeerClient("publisher");
	publisher.addSending(ssrcOf(0));
	let video: { stop(): void } | undefined;
	const waits: Waits[] = [];
	try {
		await server.publish(0, publisher);
		await publisher.connected;
		video = startVideo([publisher], PACKETS_PER_SECOND, PACKET_BYTES);
		// The first one pays for what is done once, and does not count.
		for (let at = 0; at <= SUBSCRIBERS; at++) {
			const waited = await waitForMedia(server, at + 1);
			if (at > 0) waits.push(waited);
		}
		return waits;
	} finally {
		video?.stop();
		publisher.close();
	}
}

async function waitForMedia(server: ServerUnderTest, participant: number): Promise<Waits> {
	const subscriber = new PeerClient(`subscriber ${participant}`);
	try {
		const media = new Promise<number>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${server.name}: no media in time`)), DEADLINE_MS);
			subscriber.onFirstPacket = () => {
				clearTimeout(timer);
				resolve(performance.now());
			};
		});
		const startedMs = performance.now();
		const connected = subscriber.connected.then(() => performance.now());
		await server.subscribe(participant, [0], subscriber);
		return { connectedMs: (await connected) - startedMs, mediaMs: (await media) - startedMs };
	} finally {
		subscriber.close();
	}
}
