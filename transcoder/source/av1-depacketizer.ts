import { type Obu, readAv1Payload, readObu, SEQUENCE_HEADER, sizeBytes } from "../../core/media/av1-payload.ts";
import { type Av1Sequence, readAv1Sequence } from "../../core/media/av1-sequence.ts";
import {
	type AccessUnit,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_PARTS,
	type VideoDepacketizer,
} from "./access-unit.ts";

const TEMPORAL_DELIMITER = 2;
const FRAME_HEADER = 3;
const FRAME = 6;
const TILE_LIST = 8;
const DELIMITER = Buffer.from([0x12, 0]);
/** A picture in as many OBUs as it has tiles, of which AV1 allows 4096; nobody sends so many. */
const MAX_OBUS = 512;

/**
 * AV1 temporal units out of RTP payloads (RTP Payload Format for AV1, version 1.0), in the low-overhead format, with the
 * temporal delimiter and the sizes that RTP leaves out. Of several spatial layers all are passed on: the decoder shows
 * the highest.
 */
export class Av1Depacketizer implements VideoDepacketizer {
	#obus: Obu[] = [];
	/** Of the OBU that goes on in the next packet. */
	#pieces: Uint8Array[] = [];
	#bytes = 0;
	#timestamp: number | undefined;
	#broken = false;

	push({ timestamp, marker, payload }: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[] {
		if (this.#timestamp !== timestamp) this.reset();
		this.#timestamp = timestamp;
		if (!this.#broken && !this.#take(payload)) this.#broken = true;
		if (!marker) return [];
		const obus = this.#broken || this.#pieces.length > 0 ? [] : this.#obus;
		this.reset();
		return obus.length > 0 ? [describe(obus, timestamp)] : [];
	}

	reset(): void {
		this.#obus = [];
		this.#pieces = [];
		this.#bytes = 0;
		this.#timestamp = undefined;
		this.#broken = false;
	}

	/** False when the payload does not continue what came before, or cannot be read. */
	#take(payload: Buffer): boolean {
		const packet = readAv1Payload(payload);
		this.#bytes += payload.length;
		if (!packet || this.#bytes > MAX_ACCESS_UNIT_BYTES || this.#pieces.length > MAX_ACCESS_UNIT_PARTS) return false;
		if (packet.continues !== this.#pieces.length > 0) return false;
		const last = packet.elements.length - 1;
		return packet.elements.every((element, index) => {
			this.#pieces.push(element);
			return (index === last && packet.continued) || this.#endObu();
		});
	}

	#endObu(): boolean {
		const [only] = this.#pieces;
		const bytes = only && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces);
		this.#pieces = [];
		const obu = readObu(bytes);
		if (!obu) return false;
		// Section 5: these have no place in RTP; a receiver ignores them.
		if (obu.type !== TEMPORAL_DELIMITER && obu.type !== TILE_LIST) this.#obus.push(obu);
		return this.#obus.length <= MAX_OBUS;
	}
}

function describe(obus: Obu[], rtpTimestamp: number): AccessUnit {
	const parts: Uint8Array[] = [DELIMITER];
	let sequence: Av1Sequence | undefined;
	let keyframe: boolean | undefined;
	for (const { type, header, payload } of obus) {
		parts.push(header, sizeBytes(payload.length), payload);
		if (type === SEQUENCE_HEADER) sequence = larger(sequence, readAv1Sequence(payload));
		else if (type === FRAME || type === FRAME_HEADER) keyframe ??= sequence?.stillPictures || isKeyframe(payload);
	}
	// Without the sequence header that goes with it, a keyframe cannot be decoded by who begins.
	return {
		rtpTimestamp,
		keyframe: sequence !== undefined && keyframe === true,
		size: sequence?.size,
		data: Buffer.concat(parts),
	};
}

/** Section 5.9.2 of the bitstream specification: show_existing_frame and frame_type. */
function isKeyframe(frameHeader: Uint8Array): boolean {
	return frameHeader.length > 0 && ((frameHeader[0] ?? 0) & 0xe0) === 0;
}

function larger(one: Av1Sequence | undefined, other: Av1Sequence | undefined): Av1Sequence | undefined {
	if (!one || !other) return one ?? other;
	return one.size.width * one.size.height > other.size.width * other.size.height ? one : other;
}
