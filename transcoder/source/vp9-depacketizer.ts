import { readVp9Descriptor } from "../../core/media/vp9-descriptor.ts";
import { readVp9Header } from "../../core/media/vp9-header.ts";
import {
	type AccessUnit,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_PARTS,
	type VideoDepacketizer,
} from "./access-unit.ts";

/** What a superframe may hold (VP9 bitstream specification, annex B), and as many as there are spatial layers. */
const MAX_FRAMES = 8;
const SIZE_BYTES = 4;

/**
 * VP9 pictures out of RTP payloads (RFC 9628). A picture of several spatial layers becomes one superframe: each layer is
 * decoded, since the higher need the lower, and the highest that came is what the decoder gives last.
 */
export class Vp9Depacketizer implements VideoDepacketizer {
	#frames: Buffer[] = [];
	#parts: Buffer[] = [];
	#bytes = 0;
	#timestamp: number | undefined;
	#inFrame = false;
	#broken = false;

	push({ timestamp, marker, payload }: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[] {
		// Whatever had no end before has none any more.
		if (this.#timestamp !== timestamp) this.reset();
		this.#timestamp = timestamp;
		if (!this.#broken && !this.#take(payload)) this.#broken = true;
		if (!marker) return [];
		const frames = this.#broken || this.#inFrame ? [] : this.#frames;
		this.reset();
		return frames.length > 0 ? [describe(frames, timestamp)] : [];
	}

	reset(): void {
		this.#frames = [];
		this.#parts = [];
		this.#bytes = 0;
		this.#timestamp = undefined;
		this.#inFrame = false;
		this.#broken = false;
	}

	/** False when the payload does not continue what came before, or cannot be read. */
	#take(payload: Buffer): boolean {
		const descriptor = readVp9Descriptor(payload);
		if (!descriptor || descriptor.beginsFrame === this.#inFrame) return false;
		const part = payload.subarray(descriptor.length);
		this.#parts.push(part);
		this.#bytes += part.length;
		this.#inFrame = !descriptor.endsFrame;
		if (this.#bytes > MAX_ACCESS_UNIT_BYTES || this.#parts.length > MAX_ACCESS_UNIT_PARTS) return false;
		if (this.#inFrame) return true;
		const frame = Buffer.concat(this.#parts);
		this.#parts = [];
		this.#frames.push(frame);
		return frame.length > 0 && this.#frames.length <= MAX_FRAMES;
	}
}

function describe(frames: Buffer[], rtpTimestamp: number): AccessUnit {
	const headers = frames.map((frame) => readVp9Header(frame));
	const sizes = headers.flatMap((header) => header?.size ?? []);
	const size =
		sizes.length === 0
			? undefined
			: { width: Math.max(...sizes.map(({ width }) => width)), height: Math.max(...sizes.map(({ height }) => height)) };
	return { rtpTimestamp, keyframe: headers[0]?.keyframe ?? false, size, data: superframe(frames) };
}

/** Frames with the index that tells where each ends; one frame is itself. */
function superframe(frames: Buffer[]): Buffer {
	const [only] = frames;
	if (only && frames.length === 1) return only;
	const index = Buffer.alloc(2 + SIZE_BYTES * frames.length);
	const marker = 0xc0 | ((SIZE_BYTES - 1) << 3) | (frames.length - 1);
	index.writeUInt8(marker, 0);
	frames.forEach((frame, at) => {
		index.writeUInt32LE(frame.length, 1 + SIZE_BYTES * at);
	});
	index.writeUInt8(marker, index.length - 1);
	return Buffer.concat([...frames, index]);
}
