/** RFC 4571: each packet is preceded by its length in 2 bytes, big-endian. */
export const LENGTH_BYTES = 2;
const MAX_PACKET_BYTES = 0xffff;

/** A longer packet than the length can say is an error of the caller's. */
export function frame(packet: Buffer): Buffer {
	if (packet.length > MAX_PACKET_BYTES) throw new RangeError(`a frame of ${packet.length} bytes`);
	const framed = Buffer.allocUnsafe(LENGTH_BYTES + packet.length);
	framed.writeUInt16BE(packet.length, 0);
	packet.copy(framed, LENGTH_BYTES);
	return framed;
}

/** Cuts a byte stream into packets. */
export class FrameReader {
	#pending: Buffer = Buffer.alloc(0);

	push(chunk: Buffer): Buffer[] {
		const bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		const packets: Buffer[] = [];
		let at = 0;
		while (at + LENGTH_BYTES <= bytes.length) {
			const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
			if (end > bytes.length) break;
			packets.push(bytes.subarray(at + LENGTH_BYTES, end));
			at = end;
		}
		this.#pending = Buffer.from(bytes.subarray(at));
		return packets;
	}
}
