import type { Hand, Promotion } from "../../core/protocol/stage.ts";
import type { Person } from "../../core/protocol/webinar.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";

/** How long a raised hand waits for someone whose connection broke. */
export const ABSENCE_MS = 60_000;
/** How long a guest may publish nothing: before the first time, and when their network breaks. */
export const SILENCE_MS = 60_000;
/** Seats are free to take, and every host is sent the whole list: it must stay small. */
export const MAX_GUESTS = 200;

interface Visit {
	person: Person;
	state: "raised" | "offered" | "on-stage";
	raisedAt: number;
	/** Set from the offer on. */
	token: string;
	/** Since when the person has had no connection; null while they have one. */
	absentSince: number | null;
	/** Since when an offered or on-stage guest has published nothing; null while they publish. */
	silentSince: number | null;
}

/**
 * The attendees of one webinar on their way to the stage and back: hand raised, offered by the host, on stage. Methods that
 * change something say whether they did.
 */
export class Guests {
	readonly #visits = new Map<string, Visit>();
	readonly #clock: Clock;

	constructor({ clock }: { clock: Clock }) {
		this.#clock = clock;
	}

	/** Nothing happens while a visit is under way, or when too many hands are up. */
	raise(person: Person): boolean {
		if (this.#visits.has(person.personId) || this.#visits.size >= MAX_GUESTS) return false;
		const raisedAt = this.#clock.now();
		this.#visits.set(person.personId, {
			person,
			state: "raised",
			raisedAt,
			token: "",
			absentSince: null,
			silentSince: null,
		});
		return true;
	}

	/** Takes the hand down, or declines the offer. Someone on stage leaves it another way. */
	lower(personId: string): boolean {
		return this.#visits.get(personId)?.state !== "on-stage" && this.#visits.delete(personId);
	}

	/**
	 * Accepts a raised hand; again for one that was accepted changes nothing. `token`: what the person publishes with.
	 * @throws AppError hand-not-raised
	 */
	offer(personId: string, token: string): { hand: Hand; changed: boolean } {
		const visit = this.#visits.get(personId);
		if (!visit || visit.state === "on-stage") throw new AppError("hand-not-raised");
		const changed = visit.state === "raised";
		if (changed) {
			visit.state = "offered";
			visit.token = token;
			visit.silentSince = this.#clock.now();
		}
		return { hand: toHand(visit), changed };
	}

	/** The person publishes. Says what that makes of them; `refused`: nobody has let them on stage. */
	present(personId: string): "refused" | "arrived" | "stayed" {
		const visit = this.#visits.get(personId);
		if (!visit || visit.state === "raised") return "refused";
		visit.silentSince = null;
		if (visit.state === "on-stage") return "stayed";
		visit.state = "on-stage";
		return "arrived";
	}

	/** The person publishes no more; the visit goes on for a while. */
	gone(personId: string): void {
		const visit = this.#visits.get(personId);
		if (visit?.state === "on-stage") visit.silentSince ??= this.#clock.now();
	}

	/** The person's last connection went, or their first one came. */
	setConnected(personId: string, connected: boolean): void {
		const visit = this.#visits.get(personId);
		if (visit) visit.absentSince = connected ? null : this.#clock.now();
	}

	end(personId: string): boolean {
		return this.#visits.delete(personId);
	}

	/** Ends every visit, and says whose. */
	endAll(): string[] {
		const ended = [...this.#visits.keys()];
		this.#visits.clear();
		return ended;
	}

	/** Whose time is over now. Their visits are still to be ended. */
	overdue(): string[] {
		const now = this.#clock.now();
		return [...this.#visits.values()]
			.filter(({ state, absentSince, silentSince }) =>
				state === "raised"
					? absentSince !== null && now - absentSince >= ABSENCE_MS
					: silentSince !== null && now - silentSince >= SILENCE_MS,
			)
			.map(({ person }) => person.personId);
	}

	/** Hands that are up, in the order they were raised. */
	hands(): Hand[] {
		return [...this.#visits.values()].filter(({ state }) => state !== "on-stage").map(toHand);
	}

	promotion(personId: string): Promotion {
		const visit = this.#visits.get(personId);
		if (!visit) return { state: "none" };
		return visit.state === "raised" ? { state: "raised" } : { state: visit.state, token: visit.token };
	}

	/** Whether the host has let the person on stage, and neither side has ended it. */
	isPromoted(personId: string): boolean {
		const state = this.#visits.get(personId)?.state;
		return state === "offered" || state === "on-stage";
	}
}

function toHand({ person, raisedAt, state }: Visit): Hand {
	return { personId: person.personId, name: person.name, raisedAt, offered: state === "offered" };
}
