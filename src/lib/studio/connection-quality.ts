import type { PersonFigures } from "../../../core/protocol/figures.ts";

export type ConnectionQuality = "good" | "fair" | "poor";

/** From here on: `fair` is noticed by who looks for it, `poor` disturbs a talk. */
const LIMITS = {
	/** Retransmissions make up for a little. */
	lossShare: { fair: 0.03, poor: 0.1 },
	/** People begin to talk at the same time (ITU-T G.114 has 150 ms one way as unnoticed, 400 as the most). */
	rttMs: { fair: 300, poor: 800 },
	/** What the browsers' jitter buffers, and the programme's 150 ms, take in. */
	jitterMs: { fair: 50, poor: 120 },
	/** Sound alone is less; a small picture of a face needs this. */
	estimateBitsPerSecond: { fair: 300_000, poor: 100_000 },
};

/** How well a person is connected, by the worst of what is known. Undefined: nothing is known. */
export function connectionQuality({ up, down }: PersonFigures): ConnectionQuality | undefined {
	if (!up && !down) return undefined;
	const lossShare = Math.max(up?.lossShare ?? 0, down?.lossShare ?? 0);
	const rttMs = Math.max(up?.rttMs ?? 0, down?.rttMs ?? 0);
	const jitterMs = up?.jitterMs ?? 0;
	const estimate = down?.estimateBitsPerSecond ?? Number.POSITIVE_INFINITY;
	// A muted microphone and a camera switched off send a little still.
	const isSilent = up !== undefined && up.bitsPerSecond === 0;
	const isPast = (level: "fair" | "poor") =>
		lossShare >= LIMITS.lossShare[level] ||
		rttMs >= LIMITS.rttMs[level] ||
		jitterMs >= LIMITS.jitterMs[level] ||
		estimate < LIMITS.estimateBitsPerSecond[level];
	if (isSilent || isPast("poor")) return "poor";
	return isPast("fair") || (down?.paused.length ?? 0) > 0 ? "fair" : "good";
}

/** The figures behind it, a line for each direction. */
export function connectionDetails({ up, down }: PersonFigures): string {
	const lines: string[] = [];
	if (up) {
		const heights = up.layers.flatMap(({ height }) => height ?? []);
		lines.push(
			list("Sends", up, [
				...(heights.length > 0 ? [`${Math.max(...heights)}p`] : []),
				`${Math.round(up.jitterMs)} ms jitter`,
				...(up.freezes > 0 ? [up.freezes === 1 ? "1 freeze" : `${up.freezes} freezes`] : []),
			]),
		);
	}
	if (down) {
		const held = down.paused.length;
		lines.push(
			list("Receives", down, held > 0 ? [held === 1 ? "1 picture held back" : `${held} pictures held back`] : []),
		);
	}
	return lines.join("\n");
}

function list(
	what: string,
	{ bitsPerSecond, lossShare, rttMs }: { bitsPerSecond: number; lossShare: number; rttMs?: number | undefined },
	more: string[],
): string {
	const figures = [
		rate(bitsPerSecond),
		`${Number((lossShare * 100).toFixed(1))} % lost`,
		...(rttMs === undefined ? [] : [`${Math.round(rttMs)} ms round trip`]),
		...more,
	];
	return `${what} ${figures.join(", ")}`;
}

function rate(bitsPerSecond: number): string {
	return bitsPerSecond >= 999_500
		? `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`
		: `${Math.round(bitsPerSecond / 1_000)} kbit/s`;
}
