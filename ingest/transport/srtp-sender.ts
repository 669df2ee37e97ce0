import { rtpHeaderLength } from "../rtp/rtp-packet.ts";
import type { SrtpCipher } from "./srtp-cipher.ts";
import type { SrtpSender } from "./srtp-context.ts";
import { emptyRun, type KeystreamRun } from "./srtp-keystream.ts";

/** Twice the slots of a session, each with a stream of media and one of retransmissions. Others have their keystream made packet by packet. */
const MAX_RUNS = 96;

/** Seals for one connection. */
export class SealingSender implements SrtpSender {
	readonly overhead: number;
	readonly #cipher: SrtpCipher;
	readonly #runs = new Map<number, KeystreamRun>();
	#rtcpIndex = 0;

	constructor(cipher: SrtpCipher) {
		this.#cipher = cipher;
		this.overhead = cipher.rtpOverhead;
	}

	protectRtp(buffer: Buffer, length: number, index: number): number {
		const run = this.#cipher.runsAhead ? this.#run(buffer.readUInt32BE(8)) : undefined;
		this.#cipher.sealRtp(buffer, rtpHeaderLength(buffer), length, index, run);
		return length + this.overhead;
	}

	protectRtcp(packet: Buffer): Buffer {
		this.#rtcpIndex = (this.#rtcpIndex + 1) & 0x7fffffff;
		return this.#cipher.sealRtcp(packet, this.#rtcpIndex);
	}

	#run(ssrc: number): KeystreamRun | undefined {
		let run = this.#runs.get(ssrc);
		if (!run && this.#runs.size < MAX_RUNS) {
			run = emptyRun();
			this.#runs.set(ssrc, run);
		}
		return run;
	}
}
