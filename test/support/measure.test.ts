import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type DecodedMedia, decodeMedia, SOUND_RATE } from "./decode-media.ts";
import { avOffsetMs } from "./measure-av-offset.ts";
import { flashTimes, meanColour } from "./measure-picture.ts";
import { beepTimes, loudness, toneShare } from "./measure-sound.ts";
import { colourDistance } from "./solid-picture.ts";

const LEFT = { x: 0.05, y: 0.1, width: 0.4, height: 0.8 };
const RIGHT = { x: 0.55, y: 0.1, width: 0.4, height: 0.8 };

/**
 * A fragmented MP4 of H.264 and AAC, as HLS carries it, starting at 10 s: the left half is orange, the right half blue
 * and white for 0.1 s every second; as much later as said a tone of 1000 Hz beeps.
 */
async function media({ beepLaterS, alsoHz }: { beepLaterS: number; alsoHz?: number }): Promise<DecodedMedia> {
	const beep = `0.25*sin(2*PI*1000*t)*between(mod(t-${beepLaterS}+2,1),0,0.1)`;
	const steady = alsoHz ? `+0.05*sin(2*PI*${alsoHz}*t)` : "";
	const { stdout, stderr } = spawnSync(
		"ffmpeg",
		[
			...["-loglevel", "error", "-f", "lavfi", "-i", "color=c=0xe08020:s=320x180:r=30:d=6"],
			...["-f", "lavfi", "-i", `aevalsrc='${beep}${steady}':s=48000:d=6`],
			...[
				"-vf",
				"drawbox=x=160:w=160:h=180:t=fill:c=0x2040c0,drawbox=x=160:w=160:h=180:t=fill:c=white:enable='lt(mod(t,1),0.099)'",
			],
			...[
				"-c:v",
				"libx264",
				"-preset",
				"ultrafast",
				"-tune",
				"zerolatency",
				"-g",
				"30",
				"-pix_fmt",
				"yuv420p",
				"-c:a",
				"aac",
			],
			...["-avoid_negative_ts", "disabled", "-output_ts_offset", "10"],
			...["-movflags", "empty_moov+default_base_moof+frag_keyframe+frag_discont", "-f", "mp4", "pipe:1"],
		],
		{ maxBuffer: 1 << 26 },
	);
	if (stderr.length > 0) throw new Error(stderr.toString());
	return await decodeMedia(stdout);
}

describe("what is known to be in a file is measured", () => {
	test.each([0, 0.08, -0.12])("beeps %d s after the flashes", async (beepLaterS) => {
		const { frames, sound, complaints } = await media({ beepLaterS });
		expect(complaints).toEqual([]);
		expect(frames).toHaveLength(180);
		expect(frames[0]?.atS).toBeCloseTo(10, 2);
		const flashes = flashTimes(frames, RIGHT);
		expect(flashes).toHaveLength(5);
		expect(flashes[0]).toBeCloseTo(11, 1);
		const offset = avOffsetMs(flashes, beepTimes(sound, 1000));
		expect(Math.abs(offset - beepLaterS * 1000)).toBeLessThan(6);
	});

	test("colours and tones, and the absence of them", async () => {
		const { frames, sound } = await media({ beepLaterS: 0, alsoHz: 440 });
		const still = frames[15];
		if (!still) throw new Error("no frame");
		expect(colourDistance(meanColour(still, LEFT), [0xe0, 0x80, 0x20])).toBeLessThan(12);
		expect(colourDistance(meanColour(still, RIGHT), [0x20, 0x40, 0xc0])).toBeLessThan(12);
		expect(flashTimes(frames, LEFT)).toEqual([]);
		expect(loudness(sound)).toBeGreaterThan(0.03);
		// 0.25² for a tenth of the time against 0.05² for all of it, less what windows lose that a beep fills in part.
		expect(toneShare(sound, 1000)).toBeGreaterThan(0.45);
		expect(toneShare(sound, 440)).toBeGreaterThan(0.2);
		expect(toneShare(sound, 700)).toBeLessThan(0.02);
		const { samples } = (await media({ beepLaterS: 2, alsoHz: 600 })).sound;
		// A steady tone is one piece: chunks put a sample aside would lower this.
		const betweenBeeps = { startS: 0, samples: samples.subarray(SOUND_RATE * 2.3, SOUND_RATE * 2.8) };
		expect(toneShare(betweenBeeps, 600)).toBeGreaterThan(0.999);
		expect(toneShare({ startS: 0, samples: new Float32Array(SOUND_RATE) }, 440)).toBe(0);
	});
});

test("flashes without beeps have no offset", () => {
	expect(() => avOffsetMs([1, 2, 3, 4], [1.5, 2.5, 3.5])).toThrow("belong together");
});
