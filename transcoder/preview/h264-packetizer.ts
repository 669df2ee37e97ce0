import { type AvcConfig, splitUnits } from "./avc-units.ts";

/** With headers, extensions and the tag of SRTP below what every path carries. */
const MAX_PAYLOAD_BYTES = 1150;
const LAST_SLICE = 5;
const STAP_A = 24;
const FU_A = 28;
const START = 0x80;
const END = 0x40;

/**
 * One coded frame as RTP payloads (RFC 6184, packetization mode 1); the last one has the marker. A keyframe begins with its
 * parameter sets, so that decoding can begin there. Only slices go along: the rest is of no use to a player.
 */
export function packetizeH264(frame: Buffer, keyframe: boolean, { lengthBytes, parameterSets }: AvcConfig): Buffer[] {
	const payloads: Buffer[] = [];
	if (keyframe) payloads.push(aggregate(parameterSets));
	for (const unit of splitUnits(frame, lengthBytes)) {
		const type = (unit[0] ?? 0) & 31;
		if (type === 0 || type > LAST_SLICE) continue;
		if (unit.length <= MAX_PAYLOAD_BYTES) payloads.push(unit);
		else fragment(unit, payloads);
	}
	return payloads;
}

/** Section 5.7.1. */
function aggregate(units: Buffer[]): Buffer {
	const payload = Buffer.allocUnsafe(1 + units.reduce((sum, { length }) => sum + 2 + length, 0));
	let importance = 0;
	let at = 1;
	for (const unit of units) {
		importance = Math.max(importance, (unit[0] ?? 0) & 0x60);
		payload.writeUInt16BE(unit.length, at);
		at += 2 + unit.copy(payload, at + 2);
	}
	payload[0] = importance | STAP_A;
	return payload;
}

/** Section 5.8; the parts are of about one size. */
function fragment(unit: Buffer, payloads: Buffer[]): void {
	const header = unit.readUInt8(0);
	const parts = Math.ceil((unit.length - 1) / (MAX_PAYLOAD_BYTES - 2));
	const partBytes = Math.ceil((unit.length - 1) / parts);
	for (let at = 1; at < unit.length; at += partBytes) {
		const end = Math.min(at + partBytes, unit.length);
		const payload = Buffer.allocUnsafe(2 + end - at);
		payload[0] = (header & 0xe0) | FU_A;
		payload[1] = (at === 1 ? START : 0) | (end === unit.length ? END : 0) | (header & 31);
		unit.copy(payload, 2, at, end);
		payloads.push(payload);
	}
}
