import { box, fullBox, u32, u64 } from "./mp4-box.ts";

export interface FragmentTrack {
	trackId: number;
	/** Decode time of the first sample, in ticks of the track. */
	decodeTime: number;
	samples: Sample[];
}

export interface Sample {
	data: Buffer;
	/** Ticks. */
	duration: number;
	/** Decoding may begin here. */
	sync: boolean;
}

const SYNC_SAMPLE = 0x02000000; // depends on no other
const OTHER_SAMPLE = 0x01010000; // depends on others, is no sync sample

/** A movie fragment: one moof with a traf per track, and its mdat (ISO/IEC 14496-12 section 8.8). */
export function fragment(sequenceNumber: number, tracks: FragmentTrack[]): Buffer {
	const media = tracks.flatMap((track) => track.samples.map((sample) => sample.data));
	// The offsets count from the moof, whose length does not depend on them.
	const { length } = moof(sequenceNumber, tracks, 0);
	return Buffer.concat([moof(sequenceNumber, tracks, length + 8), box("mdat", ...media)]);
}

function moof(sequenceNumber: number, tracks: FragmentTrack[], mediaOffset: number): Buffer {
	let offset = mediaOffset;
	const trafs = tracks.map((track) => {
		const built = traf(track, offset);
		for (const { data } of track.samples) offset += data.length;
		return built;
	});
	return box("moof", fullBox("mfhd", 0, 0, u32(sequenceNumber)), ...trafs);
}

function traf({ trackId, decodeTime, samples }: FragmentTrack, offset: number): Buffer {
	const [first] = samples;
	const alike = first && samples.every(({ duration, sync }) => duration === first.duration && sync === first.sync);
	const defaultBaseIsMoof = 0x20000;
	const tfhd = alike
		? fullBox("tfhd", 0, defaultBaseIsMoof | 0x28, u32(trackId, first.duration, sampleFlags(first)))
		: fullBox("tfhd", 0, defaultBaseIsMoof, u32(trackId));
	const fields = alike
		? samples.map(({ data }) => data.length)
		: samples.flatMap((sample) => [sample.duration, sample.data.length, sampleFlags(sample)]);
	const trun = fullBox("trun", 0, alike ? 0x201 : 0x701, u32(samples.length, offset, ...fields));
	return box("traf", tfhd, fullBox("tfdt", 1, 0, u64(decodeTime)), trun);
}

function sampleFlags({ sync }: Sample): number {
	return sync ? SYNC_SAMPLE : OTHER_SAMPLE;
}
