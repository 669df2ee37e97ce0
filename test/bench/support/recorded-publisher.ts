import type { Recording } from "../../../transcoder/test-support/feed.ts";
import type { NetworkLink } from "../../support/network-link.ts";
import { PeerClient } from "./peer-client.ts";

const TICK_MS = 5;
const CLOCK_PER_MS = 90;
const SSRC = 0x5eed;
const PAYLOAD_TYPE = 96;

/** Publishes recorded video over and over, at next to no cost, with the sequence numbers it is told. */
export class RecordedPublisher {
	readonly #client = new PeerClient("recorded");
	readonly #recording: Recording;
	#sequence: number;
	#next = 0;
	/** Steady time and RTP timestamp at which the recording began this time. */
	#startedMs = 0;
	#timestamp = 0;
	#timer: NodeJS.Timeout | undefined;

	/** `recording`: of VP8. `sequence`: of its first packet. */
	constructor(recording: Recording, { sequence = 0 } = {}) {
		this.#recording = recording;
		this.#sequence = sequence;
		// The first frame is a keyframe.
		this.#client.onKeyframeWanted = () => this.#rewind();
	}

	/** Of the next packet, 16 bits. */
	get sequence(): number {
		return this.#sequence & 0xffff;
	}

	async publish({ url, token, link }: { url: string; token: string; link?: NetworkLink }): Promise<void> {
		this.#client.addSending(SSRC);
		const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
		const response = await fetch(url, { method: "POST", headers, body: await this.#client.offer() });
		const answer = await response.text();
		if (response.status !== 201) throw new Error(`${url} answered ${response.status}: ${answer}`);
		this.#client.accept(link?.rewrite(answer) ?? answer);
		await this.#client.connected;
		this.#startedMs = performance.now();
		this.#timer = setInterval(() => this.#play(), TICK_MS);
	}

	/** Goes on with another sequence number, as a sender does that was restarted. */
	restart(sequence: number): void {
		this.#sequence = sequence;
		this.#rewind();
	}

	close(): void {
		clearInterval(this.#timer);
		this.#client.close();
	}

	#rewind(): void {
		const nowMs = performance.now();
		this.#timestamp += Math.max(1, Math.round((nowMs - this.#startedMs) * CLOCK_PER_MS));
		this.#startedMs = nowMs;
		this.#next = 0;
	}

	#play(): void {
		const elapsedMs = performance.now() - this.#startedMs;
		for (;;) {
			const recorded = this.#recording.packets[this.#next];
			if (!recorded) {
				if (elapsedMs >= this.#recording.durationMs) this.#rewind();
				return;
			}
			if (recorded.atMs > elapsedMs) return;
			this.#next++;
			const packet = Buffer.from(recorded.packet);
			packet[1] = ((packet[1] ?? 0) & 0x80) | PAYLOAD_TYPE;
			packet.writeUInt16BE(this.#sequence++ & 0xffff, 2);
			packet.writeUInt32BE((this.#timestamp + Math.round(recorded.atMs * CLOCK_PER_MS)) >>> 0, 4);
			packet.writeUInt32BE(SSRC, 8);
			this.#client.send(packet);
		}
	}
}
