import { type PictureSize, readSpsSizes } from "../../core/media/h264-sps.ts";
import {
	type AccessUnit,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_PARTS,
	type VideoDepacketizer,
} from "./access-unit.ts";

const IDR = 5;
const SPS = 7;
const STAP_A = 24;
const FU_A = 28;
const START_CODE = Buffer.from([0, 0, 0, 1]);

/** H.264 access units in Annex B form out of RTP payloads (RFC 6184: single NAL unit, STAP-A, FU-A). */
export class H264Depacketizer implements VideoDepacketizer {
	#parts: Buffer[] = [];
	#bytes = 0;
	#timestamp: number | undefined;
	#keyframe = false;
	#size: AccessUnit["size"];
	#inFragment = false;
	#broken = false;

	push({ timestamp, marker, payload }: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[] {
		const units: AccessUnit[] = [];
		// The marker may be missing (RFC 6184 section 5.1): a new timestamp ends the unit as well.
		if (this.#timestamp !== undefined && this.#timestamp !== timestamp) this.#finish(units);
		this.#timestamp = timestamp;
		if (!this.#broken && !this.#take(payload)) this.#broken = true;
		if (this.#bytes > MAX_ACCESS_UNIT_BYTES || this.#parts.length > MAX_ACCESS_UNIT_PARTS) this.#broken = true;
		if (marker) this.#finish(units);
		return units;
	}

	reset(): void {
		this.#parts = [];
		this.#bytes = 0;
		this.#timestamp = undefined;
		this.#keyframe = false;
		this.#size = undefined;
		this.#inFragment = false;
		this.#broken = false;
	}

	#finish(units: AccessUnit[]): void {
		if (!this.#broken && !this.#inFragment && this.#parts.length > 0 && this.#timestamp !== undefined) {
			const data = Buffer.concat(this.#parts);
			units.push({ rtpTimestamp: this.#timestamp, keyframe: this.#keyframe, size: this.#size, data });
		}
		this.reset();
	}

	/** False when the payload does not continue what came before, or is cut short. */
	#take(payload: Buffer): boolean {
		const first = payload[0];
		if (first === undefined) return false;
		const type = first & 31;
		if (this.#inFragment !== (type === FU_A && ((payload[1] ?? 0) & 0x80) === 0)) return false;
		if (type === FU_A) return this.#takeFragment(payload);
		if (type === STAP_A) return this.#takeAggregate(payload);
		if (type === 0 || type > STAP_A) return false;
		this.#addUnit(payload);
		return true;
	}

	#takeAggregate(payload: Buffer): boolean {
		let at = 1;
		while (at + 2 <= payload.length) {
			const length = payload.readUInt16BE(at);
			at += 2;
			if (length === 0 || at + length > payload.length) return false;
			this.#addUnit(payload.subarray(at, at + length));
			at += length;
		}
		return at === payload.length;
	}

	#takeFragment(payload: Buffer): boolean {
		if (payload.length < 3) return false;
		const header = payload.readUInt8(1);
		if ((header & 0x80) !== 0) {
			this.#addUnit(Buffer.from([(payload.readUInt8(0) & 0xe0) | (header & 31)]));
		}
		const part = payload.subarray(2);
		this.#parts.push(part);
		this.#bytes += part.length;
		this.#inFragment = (header & 0x40) === 0;
		return true;
	}

	#addUnit(unit: Buffer): void {
		const type = (unit[0] ?? 0) & 31;
		if (type === IDR) this.#keyframe = true;
		if (type === SPS) this.#size = larger(this.#size, readSpsSizes(unit)?.coded);
		this.#parts.push(START_CODE, unit);
		this.#bytes += START_CODE.length + unit.length;
	}
}

/** Pictures may refer to any of several parameter sets. */
function larger(one: PictureSize | undefined, other: PictureSize | undefined): PictureSize | undefined {
	if (!one || !other) return one ?? other;
	return { width: Math.max(one.width, other.width), height: Math.max(one.height, other.height) };
}
