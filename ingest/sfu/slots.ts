/** Who each slot of a down session shows; null is an empty slot. */
export type Slots = (string | null)[];

/**
 * Stage slots after `present` (the others, in order of joining) has changed: who is still there keeps their slot, and each
 * free slot goes to the first in the line who has none.
 */
export function assignSlots(current: Slots, present: string[]): Slots {
	const kept = current.map((person) => (person !== null && present.includes(person) ? person : null));
	const waiting = present.filter((person) => !kept.includes(person));
	return kept.map((person) => person ?? waiting.shift() ?? null);
}

/** The one slot of an ordinary WHEP client: the active speaker, else whom it shows now, else who publishes longest. */
export function assignSpeaker([current = null]: Slots, present: string[], speaker: string | undefined): Slots {
	if (speaker !== undefined && present.includes(speaker)) return [speaker];
	return [current !== null && present.includes(current) ? current : (present[0] ?? null)];
}
