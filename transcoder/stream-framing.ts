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

	/** To be read to its end. The packets are copies: `chunk` may be used again. */
	*push(chunk: Buffer): Generator<Buffer> {
		let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		while (rest.length >= 2) {
			const end = 2 + rest.readUInt16BE(0);
			if (rest.length < end) break;
			yield Buffer.from(rest.subarray(2, end));
			rest = rest.subarray(end);
		}
		this.#pending = Buffer.from(rest);
	}
}
