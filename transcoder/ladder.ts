/** One rendition of the programme. */
export interface Rung {
	/** A name fit for a path segment. */
	name: string;
	width: number;
	height: number;
	/** Bits per second: aimed at, and never exceeded over one second. */
	bitrate: number;
	maxBitrate: number;
}

/** Highest first, all 16:9. The first one has the size of the canvas that is composed. */
export type Ladder = readonly [Rung, ...Rung[]];

export const audioBitrate = 128_000;

const known: readonly Rung[] = [
	{ name: "1080p", width: 1920, height: 1080, bitrate: 4_500_000, maxBitrate: 5_000_000 },
	{ name: "720p", width: 1280, height: 720, bitrate: 2_200_000, maxBitrate: 2_500_000 },
	{ name: "480p", width: 854, height: 480, bitrate: 1_000_000, maxBitrate: 1_200_000 },
	{ name: "360p", width: 640, height: 360, bitrate: 600_000, maxBitrate: 700_000 },
	{ name: "240p", width: 426, height: 240, bitrate: 300_000, maxBitrate: 350_000 },
];

/** The rungs of those heights. @throws Error when there is none, or one is not known */
export function ladderOf(heights: readonly number[]): Ladder {
	const [first, ...others] = [...new Set(heights)]
		.sort((a, b) => b - a)
		.map((height) => {
			const rung = known.find((one) => one.height === height);
			if (!rung) throw new Error(`no rung of ${height} lines`);
			return rung;
		});
	if (!first) throw new Error("a ladder needs a rung");
	return [first, ...others];
}

/** The rungs of what is published already; undefined when one of those is not known any more. */
export function ladderOfRenditions(renditions: { name: string }[]): Ladder | undefined {
	const rungs = renditions
		.filter(({ name }) => name !== "audio")
		.map(({ name }) => known.find((one) => one.name === name));
	const [first, ...others] = rungs.filter((rung) => rung !== undefined);
	return first && rungs.every(Boolean) ? [first, ...others] : undefined;
}
