import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ivfFrames, packAv1, packVp9 } from "./rtp-packing.ts";

const encoders = {
	VP9: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
	AV1: ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8"],
};

/** Coded pictures of one layer, and the same in RTP packets with a clock of 90 kHz, from sequence number 0 on. */
export interface CodedRecording {
	pictures: Buffer[];
	packets: Buffer[];
}

/** For what this machine's ffmpeg cannot pack for RTP. 30 pictures a second; every 15th is a keyframe. */
export async function recordIvf(
	codec: "VP9" | "AV1",
	{ source, durationS }: { source: string; durationS: number },
): Promise<CodedRecording> {
	const { stdout } = await promisify(execFile)(
		"ffmpeg",
		[
			...["-v", "error", "-f", "lavfi", "-i", source, "-t", String(durationS), "-pix_fmt", "yuv420p"],
			...[...encoders[codec], "-lag-in-frames", "0", "-b:v", "1M", "-g", "15", "-f", "ivf", "-"],
		],
		{ encoding: "buffer", maxBuffer: 64 * 1024 * 1024 },
	);
	const pictures = ivfFrames(stdout);
	const packets: Buffer[] = [];
	for (const [index, picture] of pictures.entries()) {
		const payloads =
			codec === "AV1" ? packAv1(picture) : packVp9([picture], { pictureId: index, keyframe: index % 15 === 0 });
		for (const [at, payload] of payloads.entries()) {
			const header = Buffer.alloc(12);
			header.writeUInt8(0x80, 0);
			header.writeUInt8((at === payloads.length - 1 ? 0x80 : 0) | 96, 1);
			header.writeUInt16BE(packets.length & 0xffff, 2);
			header.writeUInt32BE(index * 3000, 4);
			packets.push(Buffer.concat([header, payload]));
		}
	}
	return { pictures, packets };
}
