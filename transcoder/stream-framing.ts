/** One packet behind its length in 2 bytes (RFC 4571). @throws RangeError above 65535 bytes */
export function framed(packet: Uint8Array): Buffer {
	const frame = Buffer.allocUnsafe(2 + packet.length);
	frame.writeUInt16BE(packet.length, 0);
	frame.set(packet, 2);
	return frame;
}

/** Cuts a stream into the packets that were framed. What waits is never more than one packet. */
export class FrameReader {
	#pending: Buffer = Buffer.alloc(0);

	*push(chunk: Buffer): Generator<Buffer> {
		this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		while (this.#pending.length >= 2) {
			const end = 2 + this.#pending.readUInt16BE(0);
			if (this.#pending.length < end) return;
			const packet = this.#pending.subarray(2, end);
			this.#pending = this.#pending.subarray(end);
			yield packet;
		}
	}
}
