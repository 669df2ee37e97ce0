import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CodedFrame, TrackConfig } from "../../transcoder/coded-frames.ts";

const RATE = 30;
const AAC_SAMPLES = 1024;

/** Coded frames of two rungs and sound as a real encoder makes them, to be played over and over. */
export class CodedRecording {
	readonly tracks: TrackConfig[];
	/** Coded bytes by track and index. */
	readonly frames: Buffer[][];

	constructor(tracks: TrackConfig[], frames: Buffer[][]) {
		this.tracks = tracks;
		this.frames = frames;
	}

	static async load(path: string): Promise<CodedRecording> {
		const { tracks, frames } = JSON.parse(await readFile(path, "utf8")) as {
			tracks: TrackConfig[];
			frames: string[][];
		};
		return new CodedRecording(
			tracks,
			frames.map((track) => track.map((frame) => Buffer.from(frame, "base64"))),
		);
	}

	async save(path: string): Promise<void> {
		const frames = this.frames.map((track) => track.map((frame) => frame.toString("base64")));
		await writeFile(path, JSON.stringify({ tracks: this.tracks, frames }));
	}

	/** The `index`-th frame of a track, from the beginning again after the end. */
	frame(track: number, index: number): CodedFrame {
		const frames = this.frames[track] ?? [];
		const data = frames[index % frames.length];
		if (!data) throw new Error(`no frame ${index} of track ${track}`);
		const isVideo = this.tracks[track]?.kind === "video";
		return { track, keyframe: isVideo && index % 60 === 0, pts: isVideo ? index : index * AAC_SAMPLES, data };
	}

	/** Frames of all tracks with a start from `fromMs` to before `toMs`, each track in order. */
	*between(fromMs: number, toMs: number): Generator<CodedFrame> {
		for (const [track, { kind }] of this.tracks.entries()) {
			const frameMs = kind === "video" ? 1000 / RATE : (AAC_SAMPLES * 1000) / 48_000;
			for (let index = Math.ceil(fromMs / frameMs); index * frameMs < toMs; index++) yield this.frame(track, index);
		}
	}
}

/** A moving picture. */
const PATTERN = "testsrc2=s=320x180:r=30";
/** Bars for the bits of the second since the start, the lowest one on the left: white for one. */
export const SECOND_BITS = 10;
export const SECONDS_IN_BARS =
	`nullsrc=s=${4 * SECOND_BITS}x4:r=30,geq=lum='if(mod(floor(floor(T)/pow(2,floor(X/4))),2),235,16)':cb=128:cr=128,` +
	"scale=320:180:flags=neighbor";

/** Encodes a picture and a tone. `seconds` must be even: a loop has to begin with an IDR. */
export async function recordCodedFrames(seconds: number, picture = PATTERN): Promise<CodedRecording> {
	const directory = await mkdtemp(join(tmpdir(), "coded-"));
	try {
		const video =
			"-c:v libx264 -preset ultrafast -tune zerolatency -g 60 -keyint_min 60 -sc_threshold 0 -x264-params aud=1";
		const file = (name: string) => join(directory, name);
		await promisify(execFile)("ffmpeg", [
			...`-v error -f lavfi -t ${seconds} -i`.split(" "),
			picture,
			...`-f lavfi -t ${seconds} -i sine=440:r=48000`.split(" "),
			..."-filter_complex [0]split[a][b];[b]scale=160:90[c]".split(" "),
			...`-map [a] ${video} -maxrate 400k -bufsize 400k -f h264`.split(" "),
			file("a.h264"),
			...`-map [c] ${video} -maxrate 200k -bufsize 200k -f h264`.split(" "),
			file("b.h264"),
			..."-map 1 -c:a aac -b:a 64k -ac 2 -f adts".split(" "),
			file("c.aac"),
		]);
		const [high, low] = await Promise.all(
			["a.h264", "b.h264"].map(async (name) => parseAnnexB(await readFile(file(name)))),
		);
		if (!high || !low) throw new Error("no video was recorded");
		const rung = { kind: "video", frameRate: RATE } as const;
		const tracks: TrackConfig[] = [
			{ ...rung, name: "720p", width: 320, height: 180, maxBitrate: 400_000, avcC: high.avcC },
			{ ...rung, name: "360p", width: 160, height: 90, maxBitrate: 200_000, avcC: low.avcC },
			{
				kind: "audio",
				sampleRate: 48_000,
				channels: 2,
				maxBitrate: 64_000,
				audioSpecificConfig: Buffer.from([0x11, 0x90]).toString("base64"),
			},
		];
		// The encoder's first frame is its priming, which lies before the first sample.
		const sound = parseAdts(await readFile(file("c.aac"))).slice(1);
		return new CodedRecording(tracks, [high.frames, low.frames, sound]);
	} finally {
		await rm(directory, { recursive: true });
	}
}

function parseAnnexB(stream: Buffer): { avcC: string; frames: Buffer[] } {
	const frames: Buffer[][] = [];
	const sets = new Map<number, Buffer>();
	for (const nal of splitNals(stream)) {
		const type = nal.readUInt8(0) & 0x1f;
		if (type === 9) frames.push([]);
		else if (type === 7 || type === 8) sets.set(type, nal);
		else frames.at(-1)?.push(withLength(nal, 4));
	}
	const [sps, pps] = [sets.get(7), sets.get(8)];
	if (!sps || !pps) throw new Error("the stream has no parameter sets");
	const head = Buffer.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]);
	const avcC = Buffer.concat([head, withLength(sps, 2), Buffer.from([1]), withLength(pps, 2)]);
	return { avcC: avcC.toString("base64"), frames: frames.map((nals) => Buffer.concat(nals)) };
}

function* splitNals(stream: Buffer): Generator<Buffer> {
	const startCode = Buffer.from([0, 0, 1]);
	let start = stream.indexOf(startCode) + 3;
	while (start < stream.length) {
		const next = stream.indexOf(startCode, start);
		let end = next < 0 ? stream.length : next;
		while (stream[end - 1] === 0) end--; // the zero byte of a four-byte start code
		yield stream.subarray(start, end);
		start = next < 0 ? stream.length : next + 3;
	}
}

function withLength(nal: Buffer, bytes: number): Buffer {
	const length = Buffer.alloc(bytes);
	length.writeUIntBE(nal.length, 0, bytes);
	return Buffer.concat([length, nal]);
}

function parseAdts(stream: Buffer): Buffer[] {
	const frames: Buffer[] = [];
	for (let at = 0; at + 7 <= stream.length; ) {
		const length = (stream.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
		frames.push(stream.subarray(at + 7, at + length));
		at += length;
	}
	return frames;
}
