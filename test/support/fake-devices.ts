import { open, writeFile } from "node:fs/promises";
import { type Rgb, solidPicture } from "./solid-picture.ts";

// Small and slow: several browsers encode and decode in software beside the server under test.
const WIDTH = 320;
const HEIGHT = 180;
const FRAME_RATE = 15;
const LOOP_SECONDS = 2;
const BAR_WIDTH = 8;
const BAR_HEIGHT = 12;

/**
 * A loop for Chromium's `--use-file-for-fake-video-capture`: one colour, and a bar at the lower edge that crosses the picture
 * once a loop. Chromium reads no other chroma tag than C420.
 */
export async function writeFakeCamera(path: string, colour: Rgb): Promise<void> {
	const plain = solidPicture(WIDTH, HEIGHT, colour);
	const frames = LOOP_SECONDS * FRAME_RATE;
	const file = await open(path, "w");
	try {
		await file.write(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAME_RATE}:1 Ip A1:1 C420\n`);
		for (let index = 0; index < frames; index++) {
			const data = new Uint8Array(plain.data);
			const x = Math.floor(((WIDTH - BAR_WIDTH) * index) / frames);
			for (let y = HEIGHT - BAR_HEIGHT; y < HEIGHT; y++) data.fill(235, y * WIDTH + x, y * WIDTH + x + BAR_WIDTH);
			await file.write("FRAME\n");
			await file.write(data);
		}
	} finally {
		await file.close();
	}
}

const SAMPLE_RATE = 48000;
/** On and off by turns, for a browser's noise suppression takes a steady tone for a fan and removes it. */
const TONE_ON_SECONDS = 0.3;
const TONE_PERIOD_SECONDS = 0.5;

/** A loop for `--use-file-for-fake-audio-capture`: a tone with the rhythm of speech. */
export async function writeFakeMicrophone(path: string, toneHz: number): Promise<void> {
	const samples = new Int16Array(LOOP_SECONDS * SAMPLE_RATE);
	for (let i = 0; i < samples.length; i++) {
		const seconds = i / SAMPLE_RATE;
		const within = (seconds % TONE_PERIOD_SECONDS) / TONE_ON_SECONDS;
		const swell = within < 1 ? Math.sin(Math.PI * within) ** 0.5 : 0;
		samples[i] = Math.round(swell * 10_000 * Math.sin(2 * Math.PI * toneHz * seconds));
	}
	await writeFile(path, Buffer.concat([wavHeader(samples.byteLength), Buffer.from(samples.buffer)]));
}

function wavHeader(dataBytes: number): Buffer {
	const header = Buffer.alloc(44);
	header.write("RIFF", 0);
	header.writeUInt32LE(36 + dataBytes, 4);
	header.write("WAVEfmt ", 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20); // PCM
	header.writeUInt16LE(1, 22); // mono
	header.writeUInt32LE(SAMPLE_RATE, 24);
	header.writeUInt32LE(SAMPLE_RATE * 2, 28);
	header.writeUInt16LE(2, 32);
	header.writeUInt16LE(16, 34);
	header.write("data", 36);
	header.writeUInt32LE(dataBytes, 40);
	return header;
}
