import { randomFillSync } from "node:crypto";
import { EventEmitter } from "node:events";
import { drawId } from "../core/protocol/ids.ts";
import type {
	CreateWebinar,
	PatchWebinar,
	Webinar,
	WebinarAccess,
	WebinarList,
	WebinarState,
} from "../core/protocol/webinar.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { AppError } from "../core/runtime/errors.ts";
import type { WebinarRow } from "./store/schema.ts";
import type { Store } from "./store/store.ts";

export interface WebinarsOptions {
	/** Where people reach this server, no slash at the end. */
	publicUrl: () => string;
}

type WebinarsEvents = {
	/** Patched, started or ended: this is how it is now. */
	changed: [webinar: Webinar];
	deleted: [webinarId: string];
};

/** The last item of a page, from which the next page goes on. */
export interface ListCursor {
	createdAt: string;
	id: string;
}

/**
 * The webinars and their states: scheduled, then live, then ended, never back. Every step is one conditional statement, so
 * of two requests at once exactly one succeeds.
 */
export class Webinars extends EventEmitter<WebinarsEvents> {
	readonly #publicUrl: () => string;
	readonly #store: Store;
	readonly #clock: Clock;

	constructor({ publicUrl }: WebinarsOptions, { store, clock }: { store: Store; clock: Clock }) {
		super();
		this.#publicUrl = publicUrl;
		this.#store = store;
		this.#clock = clock;
	}

	/** @throws AppError invalid-body: `startsAt` outside of the years 0 to 9999 */
	async create({ title, startsAt, access = "public" }: CreateWebinar): Promise<Webinar> {
		const row: WebinarRow = {
			id: drawId((bytes) => randomFillSync(bytes)),
			title,
			state: "scheduled",
			access,
			starts_at: startsAt ? toUtc(startsAt) : null,
			created_at: this.#now(),
			started_at: null,
			ended_at: null,
		};
		await this.#store.insertInto("webinars").values(row).execute();
		return this.#toWebinar(row);
	}

	/** Newest first. `next` is there when there is more. */
	async list({ limit, after }: { limit: number; after?: ListCursor | undefined }): Promise<WebinarList> {
		let query = this.#store.selectFrom("webinars").selectAll().orderBy("created_at", "desc").orderBy("id", "desc");
		if (after) {
			const { createdAt, id } = after;
			query = query.where(({ eb, and, or }) =>
				or([eb("created_at", "<", createdAt), and([eb("created_at", "=", createdAt), eb("id", "<", id)])]),
			);
		}
		const rows = await query.limit(limit + 1).execute();
		const page = rows.slice(0, limit);
		const last = page.at(-1);
		const items = page.map((row) => this.#toWebinar(row));
		return rows.length > limit && last
			? { items, next: encodeCursor({ createdAt: last.created_at, id: last.id }) }
			: { items };
	}

	async inState(state: WebinarState): Promise<Webinar[]> {
		const rows = await this.#store.selectFrom("webinars").selectAll().where("state", "=", state).execute();
		return rows.map((row) => this.#toWebinar(row));
	}

	async withAccess(access: WebinarAccess): Promise<Webinar[]> {
		const rows = await this.#store.selectFrom("webinars").selectAll().where("access", "=", access).execute();
		return rows.map((row) => this.#toWebinar(row));
	}

	/** @throws AppError webinar-unknown */
	async get(id: string): Promise<Webinar> {
		const row = await this.#store.selectFrom("webinars").selectAll().where("id", "=", id).executeTakeFirst();
		if (!row) throw new AppError("webinar-unknown");
		return this.#toWebinar(row);
	}

	/** @throws AppError webinar-unknown, invalid-body */
	async patch(id: string, { title, startsAt, access }: PatchWebinar): Promise<Webinar> {
		const values = {
			...(title === undefined ? {} : { title }),
			...(access === undefined ? {} : { access }),
			...(startsAt === undefined ? {} : { starts_at: startsAt === null ? null : toUtc(startsAt) }),
		};
		if (Object.keys(values).length > 0) {
			await this.#store.updateTable("webinars").set(values).where("id", "=", id).execute();
		}
		return this.#changed(id);
	}

	/** @throws AppError webinar-unknown, webinar-live */
	async delete(id: string): Promise<void> {
		const { numDeletedRows } = await this.#store
			.deleteFrom("webinars")
			.where("id", "=", id)
			.where("state", "!=", "live")
			.executeTakeFirstOrThrow();
		if (numDeletedRows === 0n) {
			await this.get(id);
			throw new AppError("webinar-live");
		}
		this.emit("deleted", id);
	}

	/** @throws AppError webinar-unknown, webinar-live, webinar-ended */
	async start(id: string): Promise<Webinar> {
		await this.#step(id, "scheduled", { state: "live", started_at: this.#now() });
		return this.#changed(id);
	}

	/** @throws AppError webinar-unknown, webinar-not-live, webinar-ended */
	async end(id: string): Promise<Webinar> {
		await this.#step(id, "live", { state: "ended", ended_at: this.#now() });
		return this.#changed(id);
	}

	async #step(id: string, from: WebinarState, values: Partial<WebinarRow>): Promise<void> {
		const { numUpdatedRows } = await this.#store
			.updateTable("webinars")
			.set(values)
			.where("id", "=", id)
			.where("state", "=", from)
			.executeTakeFirstOrThrow();
		if (numUpdatedRows > 0n) return;
		const { state } = await this.get(id);
		throw new AppError(state === "ended" ? "webinar-ended" : state === "live" ? "webinar-live" : "webinar-not-live");
	}

	async #changed(id: string): Promise<Webinar> {
		const webinar = await this.get(id);
		this.emit("changed", webinar);
		return webinar;
	}

	#now(): string {
		return new Date(this.#clock.now()).toISOString();
	}

	#toWebinar(row: WebinarRow): Webinar {
		const page = (name: string) => `${this.#publicUrl()}/${name}/${row.id}`;
		return {
			id: row.id,
			title: row.title,
			state: row.state,
			access: row.access,
			startsAt: row.starts_at,
			createdAt: row.created_at,
			startedAt: row.started_at,
			endedAt: row.ended_at,
			links: { host: page("host"), stage: page("stage"), watch: page("watch"), embed: page("embed") },
		};
	}
}

function toUtc(instant: string): string {
	const utc = new Date(instant).toISOString();
	// A zone can push the first and last hours of that span out of it, and ISO 8601 then takes a sign and six digits.
	if (!/^\d{4}-/.test(utc)) throw new AppError("invalid-body", "startsAt: must be in the years 0 to 9999");
	return utc;
}

function encodeCursor({ createdAt, id }: ListCursor): string {
	return Buffer.from(`${createdAt} ${id}`).toString("base64url");
}

/** @throws AppError invalid-parameter: no cursor that `list` gave as `next` */
export function decodeCursor(cursor: string): ListCursor {
	const match = /^(\d{4}-[\d:.T-]{18}Z) ([a-z0-9]{12})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"));
	if (!match?.[1] || !match[2]) throw new AppError("invalid-parameter", "next: not one that this server gave");
	return { createdAt: match[1], id: match[2] };
}
