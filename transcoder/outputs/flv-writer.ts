const TAG_AUDIO = 8;
const TAG_VIDEO = 9;
const KEYFRAME_AVC = 0x17;
const INTERFRAME_AVC = 0x27;
/** AAC, as FLV describes all of it: the configuration tells the rest. */
const AAC = 0xaf;
const CONFIGURATION = 0;
const FRAME = 1;

/** Of what follows in an FLV stream (Adobe Flash Video File Format 10.1, annex E): the header, and how to decode it. */
export function flvStart({ avcC, audioSpecificConfig }: { avcC: Buffer; audioSpecificConfig: Buffer }): Buffer {
	const header = Buffer.from("FLV\x01\x05\0\0\0\x09\0\0\0\0", "latin1");
	return Buffer.concat([
		header,
		tag(TAG_VIDEO, 0, [KEYFRAME_AVC, CONFIGURATION, 0, 0, 0], avcC),
		tag(TAG_AUDIO, 0, [AAC, CONFIGURATION], audioSpecificConfig),
	]);
}

/** `data`: NAL units with their lengths before them, shown when they are decoded. */
export function flvVideo(timestampMs: number, keyframe: boolean, data: Buffer): Buffer {
	return tag(TAG_VIDEO, timestampMs, [keyframe ? KEYFRAME_AVC : INTERFRAME_AVC, FRAME, 0, 0, 0], data);
}

/** `data`: one raw AAC access unit. */
export function flvAudio(timestampMs: number, data: Buffer): Buffer {
	return tag(TAG_AUDIO, timestampMs, [AAC, FRAME], data);
}

function tag(type: number, timestampMs: number, head: number[], data: Buffer): Buffer {
	const size = head.length + data.length;
	const bytes = Buffer.alloc(11 + size + 4);
	bytes.writeUInt8(type, 0);
	bytes.writeUIntBE(size, 1, 3);
	bytes.writeUIntBE(timestampMs & 0xffffff, 4, 3);
	bytes.writeUInt8((timestampMs >>> 24) & 0x7f, 7);
	bytes.set(head, 11);
	data.copy(bytes, 11 + head.length);
	bytes.writeUInt32BE(11 + size, 11 + size);
	return bytes;
}
