import { LENGTH_BYTES } from "../feed/framing.ts";

/** DTLS flights and video packets are far smaller; who frames more is no WebRTC client. */
const MAX_FRAME_BYTES = 4096;

/** Cuts a TCP stream of a stranger's into its datagrams (RFC 4571), keeping no more than one. */
export class StreamFrames {
	readonly #pending = Buffer.alloc(LENGTH_BYTES + MAX_FRAME_BYTES);
	#filled = 0;

	/** False: the stream is none of ours. `onDatagram` gets buffers of its own. */
	push(chunk: Buffer, onDatagram: (datagram: Buffer) => void): boolean {
		for (let at = 0; at < chunk.length; ) {
			const wanted = this.#wanted();
			const taken = Math.min(wanted - this.#filled, chunk.length - at);
			chunk.copy(this.#pending, this.#filled, at, at + taken);
			this.#filled += taken;
			at += taken;
			if (this.#filled < wanted) continue;
			if (this.#wanted() > this.#pending.length) return false;
			if (this.#filled < this.#wanted()) continue;
			onDatagram(Buffer.from(this.#pending.subarray(LENGTH_BYTES, this.#filled)));
			this.#filled = 0;
		}
		return true;
	}

	/** How much there has to be for the next step: the length, then what it says. */
	#wanted(): number {
		if (this.#filled < LENGTH_BYTES) return LENGTH_BYTES;
		return LENGTH_BYTES + this.#pending.readUInt16BE(0);
	}
}
