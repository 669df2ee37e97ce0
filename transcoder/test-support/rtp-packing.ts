/** Cuts coded pictures into RTP payloads, as senders do. */

/** What a packet carries beside its header. */
const MAX_PAYLOAD_BYTES = 1100;
const TEMPORAL_DELIMITER = 2;
const SEQUENCE_HEADER = 1;

/** RFC 9628 section 4.2: a picture id of 15 bits, and for each layer where it begins and ends. Without `layers` there is but one. */
export function packVp9(frames: Buffer[], { pictureId, keyframe }: { pictureId: number; keyframe: boolean }): Buffer[] {
	return frames.flatMap((frame, layer) =>
		pieces(frame, MAX_PAYLOAD_BYTES).map((piece, index, { length }) => {
			const layered = frames.length > 1;
			const flags =
				0x80 |
				(keyframe ? 0 : 0x40) |
				(layered ? 0x20 : 0) |
				(index === 0 ? 0x08 : 0) |
				(index === length - 1 ? 0x04 : 0);
			const layers = layered ? [(layer << 1) | (layer > 0 ? 1 : 0), 7] : [];
			return Buffer.concat([
				Buffer.from([flags, 0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff, ...layers]),
				piece,
			]);
		}),
	);
}

/** RTP Payload Format for AV1, section 4.4: one OBU or piece of one a packet, as `W` 1 says. */
export function packAv1(temporalUnit: Buffer): Buffer[] {
	const obus = [...obusOf(temporalUnit)].filter(({ type }) => type !== TEMPORAL_DELIMITER);
	const begins = obus.some(({ type }) => type === SEQUENCE_HEADER);
	return obus
		.flatMap(({ bytes }) =>
			pieces(bytes, MAX_PAYLOAD_BYTES).map((piece, index, { length }) => ({
				flags: 0x10 | (index > 0 ? 0x80 : 0) | (index < length - 1 ? 0x40 : 0),
				piece,
			})),
		)
		.map(({ flags, piece }, index) =>
			Buffer.concat([Buffer.from([flags | (begins && index === 0 ? 0x08 : 0)]), piece]),
		);
}

/** The OBUs of the low-overhead format, without their sizes. */
function* obusOf(unit: Buffer): Generator<{ type: number; bytes: Buffer }> {
	for (let at = 0; at < unit.length; ) {
		const first = unit.readUInt8(at);
		const headerBytes = (first & 4) !== 0 ? 2 : 1;
		let size = 0;
		let from = at + headerBytes;
		for (let shift = 0; ; shift += 7) {
			const byte = unit.readUInt8(from++);
			size |= (byte & 0x7f) << shift;
			if ((byte & 0x80) === 0) break;
		}
		const header = Buffer.from(unit.subarray(at, at + headerBytes));
		header[0] = first & ~2;
		yield { type: (first >> 3) & 15, bytes: Buffer.concat([header, unit.subarray(from, from + size)]) };
		at = from + size;
	}
}

function pieces(bytes: Buffer, size: number): Buffer[] {
	return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
		bytes.subarray(index * size, (index + 1) * size),
	);
}

/** The frames of an IVF file: a header of 32 bytes, then a length, a timestamp of 8 bytes and the data of each. */
export function ivfFrames(file: Buffer): Buffer[] {
	const frames: Buffer[] = [];
	for (let at = 32; at + 12 <= file.length; ) {
		const length = file.readUInt32LE(at);
		frames.push(file.subarray(at + 12, at + 12 + length));
		at += 12 + length;
	}
	return frames;
}
