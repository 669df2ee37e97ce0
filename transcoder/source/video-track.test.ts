import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Recording, record } from "../test-support/feed.ts";
import { MediaClock } from "./media-clock.ts";
import { PictureQueue } from "./picture-queue.ts";
import { parseRtp, type RtpPacket } from "./rtp.ts";
import type { VideoCodec } from "./video-decoder.ts";
import { VideoTrack } from "./video-track.ts";

const SSRC = 7;
const codecs = ["VP8", "H264", "VP9", "AV1"] as const satisfies VideoCodec[];
/** Left half red, right half nearly white; its own size, so that a mixed-up recording is noticed. */
const source = "color=0xBE2828:s=320x180:r=30,drawbox=x=160:w=160:h=180:color=0xE0E0E0:t=fill";
const larger = "color=0x28BE3C:s=480x270:r=30";
/** Y of BT.601 as ffmpeg codes those colours; coding costs a little. */
const luma = { red: 89, white: 208, green: 128 };

const recordings = new Map<VideoCodec, { small: RtpPacket[]; large: RtpPacket[] }>();
let nowMs: number;
let keyframesWanted: number;
let troubles: string[];
let pictures: PictureQueue;
let track: VideoTrack;

beforeAll(async () => {
	for (const codec of codecs) {
		const [small, large] = await Promise.all([record(codec, source), record(codec, larger)]);
		recordings.set(codec, { small: packetsOf(small), large: packetsOf(large) });
	}
}, 90_000);

function packetsOf({ packets }: Recording): RtpPacket[] {
	return packets.map(({ packet, atMs }, index) => ({
		...(parseRtp(packet) as RtpPacket),
		sequence: index & 0xffff,
		timestamp: atMs * 90,
	}));
}

function begin(codec: VideoCodec): { small: RtpPacket[]; large: RtpPacket[] } {
	const clock = { now: () => nowMs };
	const mediaClock = new MediaClock([{ ssrc: SSRC, clockRate: 90_000 }]);
	mediaClock.arrived(SSRC, 0, 0);
	const events = {
		decoded: () => {},
		keyframeWanted: () => keyframesWanted++,
		trouble: (reason: string) => troubles.push(reason),
	};
	track = new VideoTrack({ codec, ssrc: SSRC, waitMs: () => 60 }, { clock, mediaClock, pictures, events });
	return recordings.get(codec) ?? { small: [], large: [] };
}

/** Of one picture after the other: pushed, and waited for until it is decoded. */
async function play(packets: RtpPacket[], mangle: (packet: RtpPacket) => RtpPacket | undefined = (it) => it) {
	for (const packet of packets) {
		nowMs = packet.timestamp / 90;
		const mangled = mangle(packet);
		if (mangled) track.push(mangled, nowMs);
		if (packet.marker) await track.decoded();
	}
}

/** Y in the middle of the left and the right half of what is shown, with its size. */
function shown() {
	const frame = pictures.at(Number.MAX_SAFE_INTEGER)?.frame;
	const plane = frame?.data?.[0];
	if (!frame || !plane) return undefined;
	const at = (x: number, y: number) =>
		plane[Math.floor(y * frame.height) * (frame.linesize[0] ?? 0) + Math.floor(x * frame.width)] ?? 0;
	return {
		width: frame.width,
		height: frame.height,
		left: at(0.25, 0.5),
		right: at(0.75, 0.5),
		top: at(0.5, 0.25),
		bottom: at(0.5, 0.75),
	};
}

beforeEach(() => {
	nowMs = 0;
	keyframesWanted = 0;
	troubles = [];
	pictures = new PictureQueue();
});

afterEach(async () => {
	track.close();
	await track.decoded();
	pictures.close();
});

describe.each(codecs)("%s", (codec) => {
	it("shows each picture as soon as its last packet is there", async () => {
		const { small } = begin(codec);
		for (const packet of small.filter(({ timestamp }) => timestamp < 40 * 3000)) {
			track.push(packet, packet.timestamp / 90);
			if (!packet.marker) continue;
			await track.decoded();
			expect(pictures.at(packet.timestamp / 90 + 1)?.captureMs).toBeCloseTo(packet.timestamp / 90, 0);
		}
		expect(troubles).toEqual([]);
		expect(shown()).toMatchObject({ width: 320, height: 180 });
		expect(Math.abs((shown()?.left ?? 0) - luma.red)).toBeLessThan(12);
		expect(Math.abs((shown()?.right ?? 0) - luma.white)).toBeLessThan(12);
	});

	it("takes another size in the middle of the stream", async () => {
		const { small, large } = begin(codec);
		const before = small.filter(({ timestamp }) => timestamp < 15 * 3000);
		await play(before);
		const offset = before.length;
		await play(
			large
				.slice(0, 30)
				.map((packet) => ({ ...packet, sequence: packet.sequence + offset, timestamp: packet.timestamp + 15 * 3000 })),
		);
		expect(troubles).toEqual([]);
		expect(shown()).toMatchObject({ width: 480, height: 270 });
		expect(Math.abs((shown()?.left ?? 0) - luma.green)).toBeLessThan(12);
	});

	it("asks for a keyframe after a loss, and shows nothing until it comes", async () => {
		const { small } = begin(codec);
		const second = small.findIndex(({ timestamp }) => timestamp >= 5 * 3000);
		await play(
			small.filter(({ timestamp }) => timestamp < 14 * 3000),
			(packet) => (packet.sequence === second ? undefined : packet),
		);
		expect(pictures.at(1e6)?.captureMs).toBeCloseTo((4 * 1000) / 30, 0);
		expect(keyframesWanted).toBeGreaterThan(0);
		await play(small.filter(({ timestamp }) => timestamp >= 14 * 3000 && timestamp < 17 * 3000));
		expect(pictures.at(1e6)?.captureMs).toBeCloseTo((16 * 1000) / 30, 0);
	});

	it("stands upright after the publisher has turned its camera", async () => {
		const { small } = begin(codec);
		const first = small.filter(({ timestamp }) => timestamp < 15 * 3000);
		await play(first, (packet) => ({
			...packet,
			orientation: packet.timestamp >= 10 * 3000 && packet.marker ? 1 : undefined,
		}));
		expect(shown()).toMatchObject({ width: 180, height: 320 });
		// Clockwise: what was on the left is at the top.
		expect(Math.abs((shown()?.top ?? 0) - luma.red)).toBeLessThan(12);
		expect(Math.abs((shown()?.bottom ?? 0) - luma.white)).toBeLessThan(12);
		await play(
			small.filter(({ timestamp }) => timestamp >= 15 * 3000 && timestamp < 20 * 3000),
			(packet) => ({ ...packet, orientation: 2 }),
		);
		expect(shown()).toMatchObject({ width: 320, height: 180 });
		expect(Math.abs((shown()?.right ?? 0) - luma.red)).toBeLessThan(12);
	});
});
