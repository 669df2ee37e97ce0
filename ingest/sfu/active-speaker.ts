/** Loudness is averaged over about this long, so that a cough is no speech. */
const AVERAGING_MS = 400;
/** A challenger has to lead for this long before the picture changes. */
const TAKEOVER_MS = 800;
/** dB: how much louder a challenger has to be. */
const TAKEOVER_MARGIN_DB = 6;
/** dBov: below it nobody speaks. */
const SILENCE_DB = -50;
/** dBov of someone who says nothing at all (RFC 6464). */
const FLOOR_DB = -127;

interface Loudness {
	db: number;
	/** Of the publisher's sound, in milliseconds of its own clock. */
	mediaMs: number;
	atMs: number;
	/** When it last spoke; -Infinity: never. */
	spokeMs: number;
}

/** Tells who speaks, from the audio levels publishers send along with their audio (RFC 6464), and who spoke when. */
export class ActiveSpeaker {
	readonly #people = new Map<string, Loudness>();
	#speaker: string | undefined;
	#challenger: string | undefined;
	#challengingSinceMs = 0;

	get current(): string | undefined {
		return this.#speaker;
	}

	/**
	 * `level`: 0 is loudest, 127 silence. `mediaMs`: when it was recorded, on the person's own clock, which may start anew; so
	 * packets that come in a burst weigh as much as those that come one by one.
	 */
	onLevel(person: string, level: number, mediaMs: number, nowMs: number): void {
		let loudness = this.#people.get(person);
		if (!loudness) {
			loudness = { db: FLOOR_DB, mediaMs: mediaMs - AVERAGING_MS, atMs: nowMs, spokeMs: Number.NEGATIVE_INFINITY };
			this.#people.set(person, loudness);
		}
		const elapsedMs = mediaMs - loudness.mediaMs;
		loudness.mediaMs = mediaMs;
		loudness.atMs = nowMs;
		// A clock that went backwards, or far ahead, has started anew.
		const weight = elapsedMs < 0 || elapsedMs > 10 * AVERAGING_MS ? 0 : 1 - Math.exp(-elapsedMs / AVERAGING_MS);
		loudness.db += (-level - loudness.db) * weight;
		if (loudness.db > SILENCE_DB) loudness.spokeMs = nowMs;
	}

	/** When that person last spoke; -Infinity: never. */
	spokeMs(person: string): number {
		return this.#people.get(person)?.spokeMs ?? Number.NEGATIVE_INFINITY;
	}

	remove(person: string): void {
		this.#people.delete(person);
		if (this.#speaker === person) this.#speaker = undefined;
	}

	/** Decides anew; true when the speaker has changed. */
	update(nowMs: number): boolean {
		let loudest: string | undefined;
		let loudestDb = FLOOR_DB;
		for (const [person, loudness] of this.#people) {
			const db = current(loudness, nowMs);
			if (db <= loudestDb) continue;
			loudest = person;
			loudestDb = db;
		}
		const leads = loudest !== undefined && loudest !== this.#speaker && loudestDb > this.#threshold(nowMs);
		if (!leads) {
			this.#challenger = undefined;
			return false;
		}
		if (this.#challenger !== loudest) {
			this.#challenger = loudest;
			this.#challengingSinceMs = nowMs;
		}
		if (this.#speaker !== undefined && nowMs - this.#challengingSinceMs < TAKEOVER_MS) return false;
		this.#speaker = loudest;
		this.#challenger = undefined;
		return true;
	}

	#threshold(nowMs: number): number {
		const speaker = this.#speaker === undefined ? undefined : this.#people.get(this.#speaker);
		return speaker ? Math.max(SILENCE_DB, current(speaker, nowMs) + TAKEOVER_MARGIN_DB) : SILENCE_DB;
	}
}

/** Who sends no levels any more is silent. */
function current({ db, atMs }: Loudness, nowMs: number): number {
	return nowMs - atMs < 2 * AVERAGING_MS ? db : FLOOR_DB;
}
