import { SOUND_RATE, type Sound } from "./decode-media.ts";

const SHARE_WINDOW = SOUND_RATE / 20;
const ONSET_WINDOW = SOUND_RATE / 200;
const ONSET_STEP = SOUND_RATE / 1000;
/** Of the loudest moment: below it lie codec noise and other people's tones. */
const ONSET_LEVEL = 0.25;
/** Beeps come once a second, so that a rise soon after a beep is that beep's own ripple. */
const ONSET_PAUSE_S = 0.4;

/**
 * Share of all the sound's energy that lies within about 20 Hz of `toneHz`: 1 for that tone alone, 0 without it. Windows
 * are weighed by their energy, so pauses between tones do not lower it.
 */
export function toneShare({ samples }: Sound, toneHz: number): number {
	let tone = 0;
	let total = 0;
	for (let at = 0; at + SHARE_WINDOW <= samples.length; at += SHARE_WINDOW) {
		const window = samples.subarray(at, at + SHARE_WINDOW);
		tone += toneEnergy(window, toneHz);
		for (const sample of window) total += sample * sample;
	}
	return total === 0 ? 0 : tone / total;
}

/** Root mean square, 0 to 1. */
export function loudness({ samples }: Sound): number {
	let total = 0;
	for (const sample of samples) total += sample * sample;
	return samples.length === 0 ? 0 : Math.sqrt(total / samples.length);
}

/** When each beep of `toneHz` begins, to a few milliseconds. One that sounds at the start is left out. */
export function beepTimes({ startS, samples }: Sound, toneHz: number): number[] {
	const levels: number[] = [];
	for (let at = 0; at + ONSET_WINDOW <= samples.length; at += ONSET_STEP) {
		levels.push(Math.sqrt(toneEnergy(samples.subarray(at, at + ONSET_WINDOW), toneHz)));
	}
	const threshold = Math.max(...levels) * ONSET_LEVEL;
	const times: number[] = [];
	let before = true;
	for (const [index, level] of levels.entries()) {
		const atS = startS + (index * ONSET_STEP + ONSET_WINDOW * (1 - ONSET_LEVEL)) / SOUND_RATE;
		const beeping = level > threshold && threshold > 0;
		if (beeping && !before && atS - (times.at(-1) ?? -1) > ONSET_PAUSE_S) times.push(atS);
		before = beeping;
	}
	return times;
}

/** Goertzel's algorithm: energy of the window at one frequency, in units of the sum of squares. */
function toneEnergy(window: Float32Array, toneHz: number): number {
	const turn = 2 * Math.cos((2 * Math.PI * toneHz) / SOUND_RATE);
	let one = 0;
	let two = 0;
	for (const sample of window) [one, two] = [sample + turn * one - two, one];
	return (2 * (one * one + two * two - turn * one * two)) / window.length;
}
