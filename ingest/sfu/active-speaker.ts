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

/** Tells who speaks, from the audio levels publishers send along with their audio (RFC 6464). */
export class ActiveSpeaker {
	readonly #levels = new Map<string, { db: number; atMs: number }>();
	#speaker: string | undefined;
	#challenger: { person: string; sinceMs: number } | undefined;

	get current(): string | undefined {
		return this.#speaker;
	}

	/** `level`: 0 is loudest, 127 silence. */
	onLevel(person: string, level: number, nowMs: number): void {
		const last = this.#levels.get(person) ?? { db: FLOOR_DB, atMs: nowMs - AVERAGING_MS };
		const weight = 1 - Math.exp(-Math.max(1, nowMs - last.atMs) / AVERAGING_MS);
		this.#levels.set(person, { db: last.db + (-level - last.db) * weight, atMs: nowMs });
	}

	remove(person: string): void {
		this.#levels.delete(person);
		if (this.#speaker === person) this.#speaker = undefined;
	}

	/** Decides anew; true when the speaker has changed. */
	update(nowMs: number): boolean {
		const loudest = [...this.#levels.keys()].sort((a, b) => this.#db(b, nowMs) - this.#db(a, nowMs))[0];
		const leads =
			loudest !== undefined && loudest !== this.#speaker && this.#db(loudest, nowMs) > this.#threshold(nowMs);
		if (!leads) {
			this.#challenger = undefined;
			return false;
		}
		if (this.#challenger?.person !== loudest) this.#challenger = { person: loudest, sinceMs: nowMs };
		if (this.#speaker !== undefined && nowMs - this.#challenger.sinceMs < TAKEOVER_MS) return false;
		this.#speaker = loudest;
		this.#challenger = undefined;
		return true;
	}

	#threshold(nowMs: number): number {
		return this.#speaker === undefined
			? SILENCE_DB
			: Math.max(SILENCE_DB, this.#db(this.#speaker, nowMs) + TAKEOVER_MARGIN_DB);
	}

	/** Who sends no levels any more is silent. */
	#db(person: string, nowMs: number): number {
		const level = this.#levels.get(person);
		return level && nowMs - level.atMs < 2 * AVERAGING_MS ? level.db : FLOOR_DB;
	}
}
