/** RFC 6716 section 3.4, R2 and R5: bytes of a frame, and samples of a packet at 48 kHz (120 ms). */
const MAX_FRAME_BYTES = 1275;
const MAX_SAMPLES = 5760;

/** Samples at 48 kHz of one frame, by the configuration in the first byte (RFC 6716 section 3.1). */
const SILK_SAMPLES = [480, 960, 1920, 2880];
const HYBRID_SAMPLES = [480, 960];
const CELT_SAMPLES = [120, 240, 480, 960];

/**
 * Samples at 48 kHz of an Opus packet; undefined when it breaks the rules of RFC 6716 section 3.4. What is in the frames cannot be
 * judged: to the range decoder every byte makes sense.
 */
export function opusPacketSamples(packet: Uint8Array): number | undefined {
	const toc = packet[0];
	if (toc === undefined) return undefined;
	const frames = frameCount(packet, toc & 3);
	const samples = frames * frameSamples(toc >> 3);
	return frames > 0 && samples <= MAX_SAMPLES ? samples : undefined;
}

function frameSamples(config: number): number {
	if (config < 12) return SILK_SAMPLES[config % 4] ?? 0;
	if (config < 16) return HYBRID_SAMPLES[config % 2] ?? 0;
	return CELT_SAMPLES[config % 4] ?? 0;
}

/** 0 when the frames do not fill the packet as they must. */
function frameCount(packet: Uint8Array, code: number): number {
	const bytes = packet.length - 1;
	if (code === 0) return bytes <= MAX_FRAME_BYTES ? 1 : 0;
	if (code === 1) return bytes % 2 === 0 && bytes / 2 <= MAX_FRAME_BYTES ? 2 : 0;
	if (code === 2) {
		const { length, next } = readLength(packet, 1);
		return next + length <= packet.length && packet.length - next - length <= MAX_FRAME_BYTES ? 2 : 0;
	}
	return manyFrames(packet);
}

/** Code 3 (section 3.2.5): a byte with the count, padding, and frames of equal or of given lengths. */
function manyFrames(packet: Uint8Array): number {
	const head = packet[1] ?? 0;
	const count = head & 63;
	let at = 2;
	let end = packet.length;
	if ((head & 0x40) !== 0) {
		let more = 255;
		while (more === 255) {
			if (at >= packet.length) return 0;
			more = packet[at++] ?? 0;
			end -= more === 255 ? 254 : more;
		}
	}
	if ((head & 0x80) === 0) {
		const bytes = end - at;
		return bytes >= 0 && count > 0 && bytes % count === 0 && bytes / count <= MAX_FRAME_BYTES ? count : 0;
	}
	let given = 0;
	for (let frame = 1; frame < count; frame++) {
		const { length, next } = readLength(packet, at);
		given += length;
		at = next;
	}
	const last = end - at - given;
	return last >= 0 && last <= MAX_FRAME_BYTES ? count : 0;
}

/** One or two bytes (section 3.2.1). Past the packet's end, where they are missing. */
function readLength(packet: Uint8Array, at: number): { length: number; next: number } {
	const first = packet[at];
	if (first === undefined) return { length: 0, next: Number.POSITIVE_INFINITY };
	if (first < 252) return { length: first, next: at + 1 };
	const second = packet[at + 1];
	if (second === undefined) return { length: 0, next: Number.POSITIVE_INFINITY };
	return { length: first + 4 * second, next: at + 2 };
}

/**
 * Samples at 48 kHz before it that a packet repeats at its beginning, against loss (RFC 6716 section 4.2.4): those of one frame, or 0. Told for
 * packets of one frame alone, as senders of redundancy make them.
 */
export function opusPacketRepeats(packet: Uint8Array): number {
	const [toc = 0, first] = packet;
	const config = toc >> 3;
	if (config >= 16 || (toc & 3) !== 0 || first === undefined) return 0;
	const samples = frameSamples(config);
	// Its first bits: for every 20 ms whether there is voice, then whether there is redundancy; for each channel.
	const bits = Math.max(1, samples / 960) + 1;
	const stereo = (toc & 4) !== 0;
	const redundant = ((first >> (8 - bits)) & 1) === 1 || (stereo && ((first >> (8 - 2 * bits)) & 1) === 1);
	return redundant ? samples : 0;
}
