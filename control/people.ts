import { randomFillSync } from "node:crypto";
import { drawId } from "../core/protocol/ids.ts";
import type { Person, Role } from "../core/protocol/webinar.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Store } from "./store/store.ts";

/** Everyone who was given a token, by webinar. */
export interface People {
	add(webinarId: string, person: { name: string; title?: string | undefined; role: Role }): Promise<Person>;
	/** The person as they were invited, whatever a token says about them now. */
	find(webinarId: string, personId: string): Promise<Person | undefined>;
}

export function createPeople({ store, clock }: { store: Store; clock: Clock }): People {
	return {
		async add(webinarId, { name, title = "", role }) {
			const personId = `p-${drawId((bytes) => randomFillSync(bytes))}`;
			const created_at = new Date(clock.now()).toISOString();
			await store
				.insertInto("people")
				.values({ webinar_id: webinarId, person_id: personId, name, title, role, created_at })
				.execute();
			return { personId, name, title, role };
		},
		async find(webinarId, personId) {
			const row = await store
				.selectFrom("people")
				.select(["name", "title", "role"])
				.where("webinar_id", "=", webinarId)
				.where("person_id", "=", personId)
				.executeTakeFirst();
			return row && { personId, ...row };
		},
	};
}
