import type { EventTopics } from "../core/protocol/bus-topics.ts";
import type { ProgrammeChange, ProgrammeLogPage } from "../core/protocol/programme-log.ts";
import type { Bus } from "../core/runtime/bus.ts";
import { AppError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { ProgrammeChangeRow } from "./store/schema.ts";
import type { Store } from "./store/store.ts";

/** Of one webinar: hours of a change every second. The oldest go. */
export const MAX_CHANGES = 10_000;

/** Writes down what each programme shows from when on, as the transcoder says it over the bus. */
export class ProgrammeLog {
	readonly #store: Store;
	readonly #log: Logger;
	readonly #stop: () => void;
	/** A change is compared with the one before it, which must be in the store by then. */
	#intake: Promise<void> = Promise.resolve();

	constructor({ store, bus, log }: { store: Store; bus: Bus; log: Logger }) {
		this.#store = store;
		this.#log = log;
		this.#stop = bus.subscribe("programme-change", (change) => {
			this.#intake = this.#intake
				.then(() => this.#add(change))
				.catch((err) => this.#log.error({ err, webinarId: change.webinarId }, "a change was not written down"));
		});
	}

	/** Oldest first, those after `after`, which an earlier page gave as `next`. `next` is there when there is more. */
	async list(
		webinarId: string,
		{ limit, after }: { limit: number; after?: number | undefined },
	): Promise<ProgrammeLogPage> {
		await this.#intake;
		const rows = await this.#store
			.selectFrom("programme_changes")
			.selectAll()
			.where("webinar_id", "=", webinarId)
			.where("number", ">", after ?? 0)
			.orderBy("number")
			.limit(limit + 1)
			.execute();
		const page = rows.slice(0, limit);
		const items = page.map(toChange);
		const last = page.at(-1);
		return rows.length > limit && last ? { items, next: String(last.number) } : { items };
	}

	/** Everything said until now is written. */
	async close(): Promise<void> {
		this.#stop();
		await this.#intake;
	}

	/** A programme's process that was started again says what was said before: nothing has changed then. */
	async #add({ webinarId, at, layout, people, speaker }: EventTopics["programme-change"]): Promise<void> {
		const last = await this.#store
			.selectFrom("programme_changes")
			.selectAll()
			.where("webinar_id", "=", webinarId)
			.orderBy("number", "desc")
			.limit(1)
			.executeTakeFirst();
		const state = { layout, people: JSON.stringify(people), speaker: speaker && JSON.stringify(speaker) };
		if (last?.layout === state.layout && last.people === state.people && last.speaker === state.speaker) return;
		const number = (last?.number ?? 0) + 1;
		const row = { webinar_id: webinarId, number, at: new Date(at).toISOString(), ...state };
		await this.#store.insertInto("programme_changes").values(row).execute();
		await this.#store
			.deleteFrom("programme_changes")
			.where("webinar_id", "=", webinarId)
			.where("number", "<=", number - MAX_CHANGES)
			.execute();
	}
}

function toChange({ at, layout, people, speaker }: ProgrammeChangeRow): ProgrammeChange {
	return { at, layout, people: JSON.parse(people), speaker: speaker === null ? null : JSON.parse(speaker) };
}

/** @throws AppError invalid-parameter: nothing that `list` gave as `next` */
export function decodeLogCursor(cursor: string): number {
	if (!/^\d{1,9}$/.test(cursor)) throw new AppError("invalid-parameter", "next: not one that this server gave");
	return Number(cursor);
}
