import type { Rect } from "./placement.ts";

/** How long what changes its place, its size or its visibility takes, in the programme's own time. */
export const TRANSITION_MS = 300;

/** Numbers on their way to others, eased at both ends. Times are capture times, in ms. */
export class Motion<Numbers extends { [key in keyof Numbers]: number }> {
	#from: Numbers;
	#to: Numbers;
	#now: Numbers;
	#startMs = Number.NEGATIVE_INFINITY;

	constructor(at: Numbers) {
		this.#from = at;
		this.#to = at;
		this.#now = at;
	}

	/** As of the last `advance`. */
	get now(): Numbers {
		return this.#now;
	}

	get target(): Numbers {
		return this.#to;
	}

	/** From wherever they are. */
	moveTo(to: Numbers, atMs: number): void {
		this.#from = this.#now;
		this.#to = to;
		this.#startMs = atMs;
	}

	/** With the next `advance`. */
	jumpTo(to: Numbers): void {
		this.#to = to;
		this.#startMs = Number.NEGATIVE_INFINITY;
	}

	/** Whether they will still change. */
	get moves(): boolean {
		return this.#now !== this.#to;
	}

	/** Returns whether anything differs from before. */
	advance(atMs: number): boolean {
		if (!this.moves) return false;
		const before = this.#now;
		const share = (atMs - this.#startMs) / TRANSITION_MS;
		this.#now = share < 1 ? between(this.#from, this.#to, eased(share)) : this.#to;
		return keysOf(before).some((key) => before[key] !== this.#now[key]);
	}
}

function between<Numbers extends { [key in keyof Numbers]: number }>(
	from: Numbers,
	to: Numbers,
	share: number,
): Numbers {
	const mixed = { ...to };
	for (const key of keysOf(mixed)) mixed[key] = (from[key] + (to[key] - from[key]) * share) as Numbers[typeof key];
	return mixed;
}

const keysOf = <Numbers extends object>(numbers: Numbers) => Object.keys(numbers) as (keyof Numbers)[];

/** A rounded rectangle as it can be drawn: all of it even, and its corners within it. */
export function drawable({ x, y, width, height, radius }: Rect & { radius: number }): Rect & { radius: number } {
	const size = { width: Math.max(2, even(width)), height: Math.max(2, even(height)) };
	const most = Math.floor(Math.min(size.width, size.height) / 4) * 2;
	return { x: even(x), y: even(y), ...size, radius: Math.min(even(radius), most) };
}

/** Slow, fast, slow: 0 to 1. */
function eased(share: number): number {
	const within = Math.min(1, Math.max(0, share));
	return within * within * (3 - 2 * within);
}

function even(value: number): number {
	return Math.round(value / 2) * 2;
}
