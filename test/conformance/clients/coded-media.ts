import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import type { Rgb } from "../../support/solid-picture.ts";

export const FRAME_RATE = 15;
/** What an Opus packet holds. */
export const OPUS_PACKET_MS = 20;
/** Far below any path's; what an RTP packet carries beside its header. */
const MAX_PAYLOAD = 1100;
const LOOP_S = 2;
/** So many frames from one keyframe to the next: a sender that hears no keyframe requests, as OBS, needs them often. */
const KEYFRAME_FRAMES = FRAME_RATE / 3;

/** The RTP payloads of one frame, in their order. */
export type FramePayloads = Buffer[];

/** Two seconds of one colour, coded by ffmpeg and cut into RTP payloads; they start with a keyframe. */
export async function codeVideo(codec: "VP8" | "H264", [r, g, b]: Rgb): Promise<FramePayloads[]> {
	const colour = `0x${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
	const source = `color=c=${colour}:s=320x180:r=${FRAME_RATE}:d=${LOOP_S}`;
	const input = ["-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-g", String(KEYFRAME_FRAMES)];
	if (codec === "VP8") {
		const coded = await ffmpeg([...input, "-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k", "-f", "ivf", "-"]);
		return ivfFrames(coded).map(vp8Payloads);
	}
	const baseline = ["-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency"];
	const settings = ["-x264-params", `slices=1:sliced-threads=0:keyint=${KEYFRAME_FRAMES}:scenecut=0:repeat-headers=1`];
	return h264Frames(await ffmpeg([...input, "-c:v", "libx264", ...baseline, ...settings, "-f", "h264", "-"]));
}

/** Two seconds of a tone. */
export async function codeAudio(toneHz: number): Promise<Buffer[]> {
	const input = ["-f", "lavfi", "-i", `sine=frequency=${toneHz}:sample_rate=48000:duration=${LOOP_S}`];
	const coded = await ffmpeg([
		...input,
		...["-af", "volume=4", "-ac", "2", "-c:a", "libopus", "-b:a", "64k"],
		...["-frame_duration", String(OPUS_PACKET_MS), "-f", "ogg", "-"],
	]);
	return oggPackets(coded).slice(2); // OpusHead and OpusTags
}

async function ffmpeg(args: string[]): Promise<Buffer> {
	const child = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", ...args], { stdio: ["ignore", "pipe", "pipe"] });
	const [out, complaints, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, "close")]);
	if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${complaints}`);
	return out;
}

/** IVF: a header of 32 bytes, then frames of a length, a timestamp and the data. */
function ivfFrames(file: Buffer): Buffer[] {
	const frames: Buffer[] = [];
	for (let at = 32; at + 12 <= file.length; ) {
		const length = file.readUInt32LE(at);
		frames.push(file.subarray(at + 12, at + 12 + length));
		at += 12 + length;
	}
	return frames;
}

/** RFC 7741 section 4.2: a descriptor of one byte, of which S marks the first. */
function vp8Payloads(frame: Buffer): FramePayloads {
	const payloads: Buffer[] = [];
	for (let at = 0; at < frame.length; at += MAX_PAYLOAD) {
		payloads.push(Buffer.concat([Buffer.from([at === 0 ? 0x10 : 0]), frame.subarray(at, at + MAX_PAYLOAD)]));
	}
	return payloads;
}

/** RFC 6184: NAL units by themselves, or as fragments (FU-A) where they are too long. A slice ends a frame. */
function h264Frames(stream: Buffer): FramePayloads[] {
	const frames: FramePayloads[] = [];
	let frame: FramePayloads = [];
	for (const nal of nalUnits(stream)) {
		const type = (nal[0] ?? 0) & 0x1f;
		if (type === 6) continue; // SEI: the encoder's settings
		frame.push(...(nal.length <= MAX_PAYLOAD ? [nal] : fragments(nal)));
		if (type !== 1 && type !== 5) continue;
		frames.push(frame);
		frame = [];
	}
	return frames;
}

function nalUnits(stream: Buffer): Buffer[] {
	const starts: number[] = [];
	for (let at = stream.indexOf("000001", 0, "hex"); at !== -1; at = stream.indexOf("000001", at + 3, "hex"))
		starts.push(at + 3);
	return starts.map((start, index) => {
		let end = (starts[index + 1] ?? stream.length + 3) - 3;
		while (end > start && stream[end - 1] === 0) end--;
		return stream.subarray(start, end);
	});
}

function fragments(nal: Buffer): Buffer[] {
	const [header = 0] = nal;
	const parts: Buffer[] = [];
	for (let at = 1; at < nal.length; at += MAX_PAYLOAD) {
		const flags = (at === 1 ? 0x80 : 0) | (at + MAX_PAYLOAD >= nal.length ? 0x40 : 0);
		const indicator = Buffer.from([(header & 0xe0) | 28, flags | (header & 0x1f)]);
		parts.push(Buffer.concat([indicator, nal.subarray(at, at + MAX_PAYLOAD)]));
	}
	return parts;
}

/** RFC 3533: pages of segments; a segment of fewer than 255 bytes ends a packet. */
function oggPackets(file: Buffer): Buffer[] {
	const packets: Buffer[] = [];
	let parts: Buffer[] = [];
	for (let page = 0; page + 27 <= file.length; ) {
		const segments = file.readUInt8(page + 26);
		let at = page + 27 + segments;
		for (const length of file.subarray(page + 27, page + 27 + segments)) {
			parts.push(file.subarray(at, at + length));
			at += length;
			if (length === 255) continue;
			packets.push(Buffer.concat(parts));
			parts = [];
		}
		page = at;
	}
	return packets;
}
