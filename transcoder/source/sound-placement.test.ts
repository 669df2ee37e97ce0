import { describe, expect, it } from "vitest";
import { largestStep, randomOf, tone } from "../test-support/sounds.ts";
import { SoundPlacement } from "./sound-placement.ts";
import { SoundRing } from "./sound-ring.ts";

const RATE = 48_000;
const PACKET = 960;
/** Sample positions are about 1.8e12 ms x 48 in truth. */
const START = 86_400_000_000_000;
/** What was captured is mixed so much later: 160 ms. */
const DELAY = 7680;
const TONE_HZ = 1000;
const LOUDNESS = 0.5;
/** Of the loop, from the start. */
const SETTLED_S = 60;
/** What the capture times of a publisher's reports are off by, either way. */
const JITTER = 0.001 * RATE;

/**
 * Minutes of a tone from a publisher whose clock is `ppm` fast. Per second: by how many ms the tone is late, from its phase. Over
 * all: the largest step from sample to sample.
 */
function run(minutes: number, ppm: number): { errorsMs: number[]; step: number } {
	const ring = new SoundRing();
	const placement = new SoundPlacement(ring);
	const random = randomOf(5);
	const mix = new Float32Array(PACKET * 2);
	const turn = (2 * Math.PI * TONE_HZ) / RATE;
	const packet = tone(TONE_HZ, LOUDNESS, PACKET / RATE); // whole periods
	const errorsMs: number[] = [];
	let [step, lateMs, phase, at] = [0, 0, 0, START - DELAY];
	for (let placed = 0; placed < minutes * 60 * RATE; placed += PACKET) {
		const captured = START + placed / (1 + ppm / 1e6);
		for (; at < captured - DELAY; at += PACKET) {
			const last = mix[PACKET * 2 - 2] as number;
			mix.fill(0);
			ring.addTo(mix, at);
			step = Math.max(step, largestStep(mix), Math.abs((mix[0] as number) - last));
			const mixed = at - START;
			if (mixed < RATE || mixed % RATE !== 0) continue;
			let [sine, cosine] = [0, 0];
			for (let i = 0; i < PACKET; i++) {
				const ideal = turn * ((mixed % RATE) + i + (mixed + i) * (ppm / 1e6));
				sine += (mix[i * 2] as number) * Math.sin(ideal);
				cosine += (mix[i * 2] as number) * Math.cos(ideal);
			}
			const change = -Math.atan2(cosine, sine) - phase;
			phase += change;
			lateMs += (change / (2 * Math.PI) - Math.round(change / (2 * Math.PI))) * (1000 / TONE_HZ);
			errorsMs.push(lateMs);
		}
		placement.place(packet.slice(), captured + (random() * 2 - 1) * JITTER);
	}
	return { errorsMs, step };
}

describe("sound placement", () => {
	it.each([
		{ ppm: 300, minutes: 31 },
		{ ppm: -300, minutes: 6 },
		{ ppm: 200, minutes: 6 },
		{ ppm: -200, minutes: 6 },
	])(
		"keeps a publisher's sound in place for $minutes minutes, its clock being $ppm ppm fast",
		({ ppm, minutes }) => {
			const { errorsMs, step } = run(minutes, ppm);
			const settled = errorsMs.slice(SETTLED_S);
			expect(errorsMs.length).toBeGreaterThan(minutes * 59);
			expect(Math.max(...errorsMs.map(Math.abs))).toBeLessThan(5);
			expect(Math.max(...settled.map(Math.abs))).toBeLessThan(0.5);
			expect(step).toBeLessThan(LOUDNESS * 2 * Math.sin((Math.PI * TONE_HZ) / RATE) * 1.002);
		},
		120_000,
	);
});
