/** What a layer's quality is known by. */
export interface RankedLayer {
	readonly width: number | undefined;
	readonly height: number | undefined;
	readonly bitrate: number;
	readonly active: boolean;
}

/** Bitrates nearer than this are the same: they go up and down, and an order that does so too would switch viewers. */
const DISTINCT_RATIO = 1.25;

/**
 * Lowest quality first: by resolution where every layer's is known and they differ, else by bitrate. In doubt the order
 * stays; the same array when all of it does.
 */
export function layerOrder<Layer extends RankedLayer>(layers: readonly Layer[]): readonly Layer[] {
	const sized = layers.every(({ width, height }) => width !== undefined && height !== undefined);
	const ordered = [...layers];
	// Insertion: with neighbours "the same", comparing is not transitive, and a sort might do anything.
	for (let end = 1; end < ordered.length; end++) {
		for (let at = end; at > 0; at--) {
			const [low, high] = [ordered[at - 1], ordered[at]];
			if (!low || !high || !isLower(high, low, sized)) break;
			ordered[at - 1] = high;
			ordered[at] = low;
		}
	}
	return ordered.every((layer, index) => layer === layers[index]) ? layers : ordered;
}

function isLower(a: RankedLayer, b: RankedLayer, sized: boolean): boolean {
	const [pixelsA, pixelsB] = [pixels(a), pixels(b)];
	if (sized && pixelsA !== pixelsB) return pixelsA < pixelsB;
	// A silent layer's bitrate says nothing of its quality.
	return a.active && b.active && a.bitrate * DISTINCT_RATIO < b.bitrate;
}

const pixels = ({ width = 0, height = 0 }: RankedLayer): number => width * height;
