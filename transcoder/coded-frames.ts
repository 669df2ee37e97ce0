/**
 * What passes from a programme's process (compositor and encoder) to the packager, over one pipe: runs and coded frames.
 *
 * A run is one life of an encoder. Within a run the tracks and their configuration stay the same, frames of a track come in
 * order without a hole, and every track starts at pts 0 or later. A new run is a discontinuity for the packager, never an end.
 *
 * A record is: 4 bytes length of what follows, 1 byte type, then
 *   type 1 (run): JSON of `Run`
 *   type 2 (frame): 1 byte track, 1 byte flags (bit 0: IDR), 6 bytes pts, then the coded bytes.
 * All integers are big-endian.
 */
export interface Run {
	/** Goes up by one with every encoder of one process. */
	run: number;
	/** Capture time of pts 0, in milliseconds since the Unix epoch. */
	startsAtMs: number;
	/** Index = the `track` of a frame. Video rungs first, highest first; then the one audio track. */
	tracks: TrackConfig[];
}

export type TrackConfig = VideoTrackConfig | AudioTrackConfig;

export interface VideoTrackConfig {
	kind: "video";
	/** A name fit for a path segment: `720p`. */
	name: string;
	width: number;
	height: number;
	/** Frames per second; pts counts frames. */
	frameRate: number;
	/** Peak bits per second the encoder is held to. */
	maxBitrate: number;
	/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15), base64. Frames are length-prefixed NAL units as it says. */
	avcC: string;
}

export interface AudioTrackConfig {
	kind: "audio";
	/** Hz; pts counts samples. Every frame holds 1024. */
	sampleRate: number;
	channels: number;
	maxBitrate: number;
	/** AudioSpecificConfig (ISO/IEC 14496-3), base64. Frames are raw AAC-LC access units without ADTS headers. */
	audioSpecificConfig: string;
}

export interface CodedFrame {
	track: number;
	keyframe: boolean;
	/** In the track's own unit: frames for video, samples for audio. Decode order is presentation order. */
	pts: number;
	data: Buffer;
}

const RUN = 1;
const FRAME = 2;
const FRAME_HEADER_BYTES = 13;
/** More than any coded frame of ours; a longer record means that the writer has lost its way. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export function runRecord(run: Run): Buffer {
	const json = Buffer.from(JSON.stringify(run));
	const head = Buffer.alloc(5);
	head.writeUInt32BE(json.length + 1, 0);
	head[4] = RUN;
	return Buffer.concat([head, json]);
}

export function frameRecord({ track, keyframe, pts, data }: CodedFrame): Buffer {
	const record = Buffer.allocUnsafe(FRAME_HEADER_BYTES + data.length);
	record.writeUInt32BE(FRAME_HEADER_BYTES - 4 + data.length, 0);
	record[4] = FRAME;
	record[5] = track;
	record[6] = keyframe ? 1 : 0;
	record.writeUIntBE(pts, 7, 6);
	data.copy(record, FRAME_HEADER_BYTES);
	return record;
}

/** Cuts a byte stream into records. Frames handed out do not share memory with later ones. */
export class CodedFrameReader {
	#pending: Buffer = Buffer.alloc(0);

	/** @throws Error on a record that cannot be one; the stream is of no use after it. */
	*push(chunk: Buffer): Generator<{ run: Run } | { frame: CodedFrame }> {
		this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		while (this.#pending.length >= 4) {
			const length = this.#pending.readUInt32BE(0);
			if (length < 1 || length > MAX_RECORD_BYTES) throw new Error(`coded frame record of ${length} bytes`);
			if (this.#pending.length < 4 + length) return;
			const record = this.#pending.subarray(4, 4 + length);
			this.#pending = this.#pending.subarray(4 + length);
			yield parseRecord(record);
		}
	}
}

/** Of one whole record of a frame; undefined of a run. */
export function trackOfRecord(record: Buffer): number | undefined {
	return record[4] === FRAME ? record[5] : undefined;
}

/** One whole record. @throws Error on what is none */
export function readRecord(record: Buffer): { run: Run } | { frame: CodedFrame } {
	return parseRecord(record.subarray(4));
}

function parseRecord(record: Buffer): { run: Run } | { frame: CodedFrame } {
	if (record[0] === RUN) return { run: JSON.parse(record.toString("utf8", 1)) as Run };
	if (record[0] !== FRAME || record.length < FRAME_HEADER_BYTES - 4)
		throw new Error(`coded frame record of type ${record[0]}`);
	return {
		frame: {
			track: record.readUInt8(1),
			keyframe: (record.readUInt8(2) & 1) === 1,
			pts: record.readUIntBE(3, 6),
			data: Buffer.from(record.subarray(9)),
		},
	};
}
