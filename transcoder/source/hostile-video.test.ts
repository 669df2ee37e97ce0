import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { record } from "../test-support/feed.ts";
import { absurdKeyframes, broken, mischief } from "../test-support/mischief.ts";
import { recordIvf } from "../test-support/record-ivf.ts";
import { MediaClock } from "./media-clock.ts";
import { PictureQueue } from "./picture-queue.ts";
import { parseRtp, type RtpPacket } from "./rtp.ts";
import { MAX_PIXELS, type VideoCodec, VideoDecoder } from "./video-decoder.ts";
import { VideoTrack } from "./video-track.ts";

const SSRC = 7;
const SEED = 4;
const RUNS = 12;
/** Packets of a run that are played with something done to them; then come good ones. */
const BROKEN_PACKETS = 60;
/** From one keyframe to the next, twice. */
const GOOD_PICTURES = 32;
const TICKS_PER_PICTURE = 3000;
const codecs = ["VP8", "H264", "VP9", "AV1"] as const satisfies VideoCodec[];

const recordings = new Map<VideoCodec, Buffer[]>();
let track: VideoTrack | undefined;
let pictures: PictureQueue;

beforeAll(async () => {
	for (const codec of codecs) {
		const { packets } = await record(codec, "testsrc2=s=320x180:r=30");
		recordings.set(
			codec,
			packets.map(({ packet }) => packet),
		);
	}
}, 60_000);

afterEach(async () => {
	track?.close();
	await track?.decoded();
	pictures.close();
});

function begin(codec: VideoCodec) {
	pictures = new PictureQueue();
	const troubles: string[] = [];
	const clock = { now: () => 0 };
	const mediaClock = new MediaClock([{ ssrc: SSRC, clockRate: 90_000 }]);
	const events = { decoded: () => {}, keyframeWanted: () => {}, trouble: (reason: string) => troubles.push(reason) };
	track = new VideoTrack({ codec, ssrc: SSRC, waitMs: () => 60 }, { clock, mediaClock, pictures, events });
	return { track, mediaClock, troubles };
}

describe.each(codecs)("%s", (codec) => {
	it("of any kind throws nothing, and good pictures are shown again", { timeout: 90_000 }, async () => {
		const packets = recordings.get(codec) ?? [];
		const sequences = fc.array(mischief, { minLength: BROKEN_PACKETS, maxLength: BROKEN_PACKETS });
		await fc.assert(
			fc.asyncProperty(sequences, async (done) => {
				const { track, mediaClock } = begin(codec);
				let nowMs = 0;
				const push = async (bytes: Buffer) => {
					const packet = parseRtp(bytes);
					if (!packet) return;
					nowMs += 8;
					mediaClock.arrived(SSRC, packet.timestamp, nowMs);
					track.push(packet, nowMs);
					if (packet.marker) await track.decoded();
				};
				for (const [index, kind] of done.entries()) {
					for (const bytes of broken(packets[index] ?? Buffer.alloc(0), kind)) await push(bytes);
				}
				await track.decoded();
				pictures.close();
				const good = packets.filter(
					(packet) => packet.readUInt32BE(4) - (packets[0]?.readUInt32BE(4) ?? 0) < GOOD_PICTURES * TICKS_PER_PICTURE,
				);
				for (const [index, packet] of good.entries()) {
					const numbered = Buffer.from(packet);
					numbered.writeUInt16BE((20_000 + index) & 0xffff, 2);
					await push(numbered);
				}
				await track.decoded();
				const last = pictures.at(Number.MAX_SAFE_INTEGER);
				expect(last?.frame.width).toBe(320);
				expect(troublesOf(last)).toBe(false);
				track.close();
				await track.decoded();
				pictures.close();
			}),
			{ seed: SEED, numRuns: RUNS },
		);
	});
});

/** Whether libav had to make something up. */
function troublesOf(picture: { frame: { decodeErrorFlags: number } } | undefined): boolean {
	return picture === undefined || picture.frame.decodeErrorFlags !== 0;
}

describe.each(codecs)("%s of an absurd size", (codec) => {
	it("is refused before a decoder sees it, whatever follows", async () => {
		const { track, troubles, mediaClock } = begin(codec);
		mediaClock.arrived(SSRC, 0, 0);
		const before = process.memoryUsage().rss;
		const packet = (sequence: number, payload: string): RtpPacket => ({
			payloadType: 96,
			sequence,
			timestamp: sequence * 3000,
			ssrc: SSRC,
			marker: true,
			orientation: undefined,
			payload: Buffer.from(payload, "hex"),
		});
		for (let sequence = 0; sequence < 200; sequence++) track.push(packet(sequence, absurdKeyframes[codec]), sequence);
		await track.decoded();
		expect(new Set(troubles)).toEqual(
			new Set([expect.stringMatching(/^pictures of 1638[34]x1638[34] are not taken$/)]),
		);
		expect(pictures.at(Number.MAX_SAFE_INTEGER)).toBeUndefined();
		expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
	});
});

it.each(["VP9", "AV1"] as const)("%s pictures that are too large are refused by libav, too", async (codec) => {
	const [width, height] = [4608, 2304];
	expect(width * height).toBeGreaterThan(MAX_PIXELS);
	const { pictures } = await recordIvf(codec, { source: `color=red:s=${width}x${height}:r=30`, durationS: 0.03 });
	const decoder = await VideoDecoder.open(codec);
	await expect(decoder.decode(pictures[0] ?? Buffer.alloc(0), 0)).rejects.toThrow("libav");
	decoder.close();
});
