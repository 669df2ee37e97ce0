import type { MediaSource } from "../../core/protocol/stage.ts";

/** One WHIP session as a slot shows it. */
export interface Shown {
	readonly personId: string;
	readonly source: MediaSource;
}

/** Who each slot of a down session shows; null is an empty slot. */
export type Slots<T extends Shown = Shown> = (T | null)[];

/** Someone who was heard this recently keeps their slot: pauses between sentences are shorter. */
const KEEP_MS = 4_000;

/**
 * Stage slots for `present` (the others, in order of joining). Screens come first, in the order they were shared. Who has
 * a slot keeps it; free slots go to those who spoke last, then to those who joined first. Without a free one, someone who
 * speaks takes the slot of the camera that was silent longest, unless everybody in a slot was heard a moment ago.
 * `spokeMs`: when each person was last heard.
 */
export function assignSlots<T extends Shown>(
	current: Slots,
	present: readonly T[],
	spokeMs: (personId: string) => number,
	nowMs: number,
): Slots<T> {
	const screens = present.filter(({ source }) => source === "screen").slice(0, current.length);
	const cameras = present.filter(({ source }) => source === "camera");
	const slots: Slots<T> = current.map((shown) => (shown && find(present, shown)) ?? null);
	placeScreens(slots, screens);
	const waiting = cameras
		.filter((camera) => !slots.includes(camera))
		.sort((a, b) => compare(spokeMs(b.personId), spokeMs(a.personId)) || shownBefore(current, a, b));
	slots.forEach((shown, slot) => {
		if (!shown) slots[slot] = waiting.shift() ?? null;
	});
	for (const camera of waiting) {
		if (nowMs - spokeMs(camera.personId) > KEEP_MS / 2) break;
		const victim = longestSilent(slots, spokeMs);
		if (victim < 0 || nowMs - spokeMs(slots[victim]?.personId ?? "") < KEEP_MS) break;
		slots[victim] = camera;
	}
	return slots;
}

/**
 * The one slot of an ordinary WHEP client: a screen somebody shares, else the camera of the active speaker, else whom it
 * shows now, else who publishes longest. Its sound is a camera's in any case.
 */
export function assignSpeaker<T extends Shown>(
	current: Shown | null,
	voice: Shown | null,
	present: readonly T[],
	speaker: string | undefined,
): { shown: T | null; heard: T | null } {
	const screens = present.filter(({ source }) => source === "screen");
	const cameras = present.filter(({ source }) => source === "camera");
	const speaking = cameras.find(({ personId }) => personId === speaker);
	const heard = speaking ?? find(cameras, voice) ?? cameras[0] ?? null;
	return { shown: find(screens, current) ?? screens[0] ?? heard, heard };
}

/** To the first slots; whoever is there moves to a slot that is free, or waits. */
function placeScreens<T extends Shown>(slots: Slots<T>, screens: T[]): void {
	screens.forEach((screen, slot) => {
		const before = slots[slot] ?? null;
		if (before === screen) return;
		const elsewhere = slots.indexOf(screen);
		if (elsewhere >= 0) slots[elsewhere] = null;
		slots[slot] = screen;
		if (!before) return;
		const free = slots.indexOf(null);
		if (free >= 0) slots[free] = before;
	});
}

/** -1 when no slot shows a camera. */
function longestSilent(slots: Slots, spokeMs: (personId: string) => number): number {
	let found = -1;
	slots.forEach((shown, slot) => {
		if (shown?.source !== "camera") return;
		const best = slots[found];
		if (!best || spokeMs(shown.personId) < spokeMs(best.personId)) found = slot;
	});
	return found;
}

function find<T extends Shown>(among: readonly T[], shown: Shown | null): T | undefined {
	return among.find(({ personId, source }) => personId === shown?.personId && source === shown.source);
}

/** Those pushed out of their slot just now before those who had none. */
function shownBefore(current: Slots, a: Shown, b: Shown): number {
	return (
		Number(find(current.filter(isShown), b) !== undefined) - Number(find(current.filter(isShown), a) !== undefined)
	);
}

function isShown(shown: Shown | null): shown is Shown {
	return shown !== null;
}

function compare(a: number, b: number): number {
	return a === b ? 0 : a < b ? -1 : 1;
}
