import { startTicks } from "../../deploy/demo/ticks.ts";
import { type I420Picture, webrtcMedia } from "../../deploy/demo/webrtc.ts";
import { publishByWhip } from "../../deploy/demo/whip-publisher.ts";
import { FRAME_RATE, flashAt, toneSample } from "./patterns.ts";
import { type Rgb, solidPicture } from "./solid-picture.ts";

export interface SyntheticPresenterOptions {
	/** URL of the WHIP endpoint. */
	endpoint: string;
	/** Bearer token of a presenter. */
	token: string;
	/** Fills the picture, but for a thin moving bar. */
	colour: Rgb;
	/** Steady tone, Hz; with `flashAndBeep` it is heard in beeps alone. */
	toneHz: number;
	/** Every second the picture is white for FLASH_FRAMES frames, and at the same moment the tone beeps as long. */
	flashAndBeep?: boolean;
}

export interface SyntheticPresenter {
	/** Resolves with a reason when the session is over without our doing. */
	readonly ended: Promise<string>;
	/** Leaves, with a DELETE of the session. */
	close(): Promise<void>;
}

const WIDTH = 640;
const HEIGHT = 360;
const SAMPLE_RATE = 48000;
const CHUNK = 480;

/** A publisher by libwebrtc of which every pixel and sample is known. Resolves when it is connected. */
export async function startSyntheticPresenter(options: SyntheticPresenterOptions): Promise<SyntheticPresenter> {
	const video = new webrtcMedia.RTCVideoSource({ isScreencast: true });
	const audio = new webrtcMedia.RTCAudioSource();
	const tracks = [audio.createTrack(), video.createTrack()];
	const plain = solidPicture(WIDTH, HEIGHT, options.colour);
	const white = solidPicture(WIDTH, HEIGHT, [255, 255, 255]);

	// Both clocks start here, so that frame n and sample n * 1600 are one moment.
	const frames = startTicks(1000 / FRAME_RATE, (index) => {
		const flashing = options.flashAndBeep === true && flashAt(index / FRAME_RATE);
		video.onFrame(flashing ? white : withBar(plain, index));
	});
	const sound = startTicks(10, (index) => {
		const samples = new Int16Array(CHUNK);
		for (let i = 0; i < CHUNK; i++) {
			const seconds = (index * CHUNK + i) / SAMPLE_RATE;
			const audible = !options.flashAndBeep || flashAt(seconds);
			samples[i] = audible ? toneSample(options.toneHz, seconds) : 0;
		}
		audio.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
	});
	function stopMedia(): void {
		frames.close();
		sound.close();
		for (const track of tracks) track.stop();
	}
	try {
		const publisher = await publishByWhip({ endpoint: options.endpoint, token: options.token, tracks });
		return {
			ended: publisher.ended,
			async close() {
				stopMedia();
				await publisher.close();
			},
		};
	} catch (error) {
		stopMedia();
		throw error;
	}
}

/** Motion, so that no encoder takes the picture for a still; narrow, so that no measured area changes much. */
function withBar(picture: I420Picture, index: number): I420Picture {
	const data = new Uint8ClampedArray(picture.data);
	const x = (index * 4) % (picture.width - 8);
	for (let y = picture.height - 16; y < picture.height; y++)
		data.fill(200, y * picture.width + x, y * picture.width + x + 8);
	return { ...picture, data };
}
