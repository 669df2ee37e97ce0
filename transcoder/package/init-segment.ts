import type { AudioTrackConfig, TrackConfig, VideoTrackConfig } from "../coded-frames.ts";
import { box, fullBox, u8, u16, u32, zeros } from "./mp4-box.ts";

/**
 * Ticks per second of a video track. Microseconds: with a coarser scale Chromium may report the end of a buffered segment
 * one microsecond too early, and hls.js then loads that segment again and again instead of the next.
 */
export const VIDEO_TIMESCALE = 1_000_000;

/** Ticks per second of a track's media times. */
export function timescale(track: TrackConfig): number {
	return track.kind === "video" ? VIDEO_TIMESCALE : track.sampleRate;
}

const IDENTITY_MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** The Media Initialization Section of a rendition. Track ids count from 1 in the order given. */
export function initSegment(tracks: TrackConfig[]): Buffer {
	const ftyp = box("ftyp", Buffer.from("iso6"), u32(0), Buffer.from("iso6mp41"));
	const mvhd = fullBox(
		"mvhd",
		0,
		0,
		u32(0, 0, 1000, 0, 0x10000),
		u16(0x100),
		zeros(10),
		IDENTITY_MATRIX,
		zeros(24),
		u32(tracks.length + 1),
	);
	const traks = tracks.map((track, index) => trak(track, index + 1));
	const trexs = tracks.map((_, index) => fullBox("trex", 0, 0, u32(index + 1, 1, 0, 0, 0)));
	return Buffer.concat([ftyp, box("moov", mvhd, ...traks, box("mvex", ...trexs))]);
}

function trak(track: TrackConfig, trackId: number): Buffer {
	const isVideo = track.kind === "video";
	const [width, height] = isVideo ? [track.width, track.height] : [0, 0];
	const enabledInMovie = 3;
	const tkhd = fullBox(
		"tkhd",
		0,
		enabledInMovie,
		u32(0, 0, trackId, 0, 0),
		zeros(8),
		u16(0, 0, isVideo ? 0 : 0x100, 0),
		IDENTITY_MATRIX,
		u32(width * 0x10000, height * 0x10000),
	);
	const undetermined = 0x55c4; // "und", ISO 639-2 packed
	const mdhd = fullBox("mdhd", 0, 0, u32(0, 0, timescale(track), 0), u16(undetermined, 0));
	const handler = Buffer.from(isVideo ? "vide" : "soun");
	const hdlr = fullBox("hdlr", 0, 0, u32(0), handler, zeros(12), u8(0));
	const mediaHeader = isVideo ? fullBox("vmhd", 0, 1, zeros(8)) : fullBox("smhd", 0, 0, zeros(4));
	const selfContained = fullBox("url ", 0, 1);
	const dinf = box("dinf", fullBox("dref", 0, 0, u32(1), selfContained));
	const stbl = box(
		"stbl",
		fullBox("stsd", 0, 0, u32(1), isVideo ? avc1(track) : mp4a(track)),
		fullBox("stts", 0, 0, u32(0)),
		fullBox("stsc", 0, 0, u32(0)),
		fullBox("stsz", 0, 0, u32(0, 0)),
		fullBox("stco", 0, 0, u32(0)),
	);
	return box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", mediaHeader, dinf, stbl)));
}

function avc1({ width, height, avcC }: VideoTrackConfig): Buffer {
	const dotsPerInch72 = 72 * 0x10000;
	return box(
		"avc1",
		zeros(6),
		u16(1),
		zeros(16),
		u16(width, height),
		u32(dotsPerInch72, dotsPerInch72, 0),
		u16(1),
		zeros(32),
		u16(0x18, 0xffff),
		box("avcC", Buffer.from(avcC, "base64")),
	);
}

function mp4a({ channels, sampleRate, maxBitrate, audioSpecificConfig }: AudioTrackConfig): Buffer {
	return box(
		"mp4a",
		zeros(6),
		u16(1),
		zeros(8),
		u16(channels, 16, 0, 0),
		u32(sampleRate * 0x10000),
		fullBox("esds", 0, 0, elementaryStream(Buffer.from(audioSpecificConfig, "base64"), maxBitrate)),
	);
}

/** ES_Descriptor of AAC (ISO/IEC 14496-1 section 7.2.6.5). */
function elementaryStream(audioSpecificConfig: Buffer, maxBitrate: number): Buffer {
	const mpeg4Audio = 0x40;
	const audioStream = 0x15;
	const decoderConfig = descriptor(
		4,
		u8(mpeg4Audio, audioStream, 0, 0, 0),
		u32(maxBitrate, maxBitrate),
		descriptor(5, audioSpecificConfig),
	);
	return descriptor(3, u16(0), u8(0), decoderConfig, descriptor(6, u8(2)));
}

function descriptor(tag: number, ...content: Buffer[]): Buffer {
	const body = Buffer.concat(content);
	if (body.length > 127) throw new Error(`descriptor ${tag} of ${body.length} bytes`);
	return Buffer.concat([u8(tag, body.length), body]);
}
