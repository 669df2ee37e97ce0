/** Sounds made of samples, for tests that judge sound. Interleaved stereo at 48 kHz, -1 to 1. */
const SAMPLE_RATE = 48_000;

export function tone(hz: number, amplitude: number, durationS: number, startS = 0): Float32Array {
	return stereo(durationS, (second) => amplitude * Math.sin(2 * Math.PI * hz * (startS + second)));
}

/** What the voice does: a pitch that glides, formants that move, syllables four times a second and a pause every two seconds. */
export function speechLike(durationS: number, amplitude = 0.5): Float32Array {
	let phase = 0;
	return stereo(durationS, (second) => {
		phase += (2 * Math.PI * (120 + 25 * Math.sin(second * 2.1))) / SAMPLE_RATE;
		const formant = 600 + 300 * Math.sin(second * 5.3);
		let sum = 0;
		for (let harmonic = 1; harmonic <= 24; harmonic++) {
			const distance = (harmonic * 120 - formant) / 350;
			const other = (harmonic * 120 - 2100) / 500;
			sum += Math.sin(phase * harmonic) * (Math.exp(-distance * distance) + 0.25 * Math.exp(-other * other));
		}
		const pause = second % 2 > 1.6 ? 0 : 1;
		return amplitude * 0.2 * sum * pause * (0.15 + 0.85 * Math.sin(Math.PI * 4 * second) ** 2);
	});
}

/** Anything, the same on both sides. */
export function stereo(durationS: number, at: (second: number) => number): Float32Array {
	const samples = new Float32Array(Math.round(durationS * SAMPLE_RATE) * 2);
	for (let i = 0; i < samples.length; i += 2) samples[i] = samples[i + 1] = at(i / 2 / SAMPLE_RATE);
	return samples;
}

/** The largest difference between neighbouring samples of the left side: what a click makes large. */
export function largestStep(samples: Float32Array): number {
	let largest = 0;
	for (let i = 2; i < samples.length; i += 2) {
		largest = Math.max(largest, Math.abs((samples[i] as number) - (samples[i - 2] as number)));
	}
	return largest;
}

/** Numbers from 0 to 1 that are the same in every run. */
export function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
		return (state >> 8) / 2 ** 23;
	};
}
