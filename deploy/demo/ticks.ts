export interface Ticks {
	close(): void;
}

/** Catching up on more than this would be a burst that no camera or microphone makes. */
const MAX_BEHIND_MS = 200;

/**
 * Calls `tick` with 0, 1, 2… at `periodMs` after one another without drift, the first at once. After a late timer it
 * catches up; of a longer hole it leaves the ticks out, so that `index * periodMs` stays the time since the start.
 */
export function startTicks(periodMs: number, tick: (index: number) => void): Ticks {
	const startedAt = performance.now();
	let next = 0;
	let timer: NodeJS.Timeout;
	function run(): void {
		const elapsedMs = performance.now() - startedAt;
		next = Math.max(next, Math.floor((elapsedMs - MAX_BEHIND_MS) / periodMs));
		while (next * periodMs <= elapsedMs) tick(next++);
		timer = setTimeout(run, Math.max(1, next * periodMs - (performance.now() - startedAt)));
	}
	run();
	return { close: () => clearTimeout(timer) };
}
