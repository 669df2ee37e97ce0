import type { ScenePerson } from "../../core/protocol/scene.ts";
import type { StagePerson } from "../../core/protocol/stage.ts";
import type { Person } from "../../core/protocol/webinar.ts";

interface Member {
	person: Person;
	/** What they publish now; null while they publish nothing. */
	media: { audio: boolean; video: boolean } | null;
	/** The host keeps them out of the programme. */
	heldBackstage: boolean;
}

/**
 * Who publishes in one webinar. Someone who goes and comes again finds the place and the backstage mark they had, until
 * they are removed. Methods that change something say whether they did.
 */
export class Publishers {
	/** In the order of first coming, which is the order of the tiles. */
	readonly #members = new Map<string, Member>();

	present(person: Person, { audio, video }: { audio: boolean; video: boolean }): boolean {
		const member = this.#members.get(person.personId);
		if (member?.media?.audio === audio && member.media.video === video) return false;
		this.#members.set(person.personId, {
			person,
			media: { audio, video },
			heldBackstage: member?.heldBackstage ?? false,
		});
		return true;
	}

	gone(personId: string): boolean {
		const member = this.#members.get(personId);
		if (!member?.media) return false;
		member.media = null;
		return true;
	}

	/** Undefined: that person does not publish. */
	setOnAir(personId: string, onAir: boolean): StagePerson | undefined {
		const member = this.#members.get(personId);
		if (!member?.media) return undefined;
		member.heldBackstage = !onAir;
		return toStagePerson(member, member.media);
	}

	/** Forgets the person. Says whether they were publishing. */
	remove(personId: string): boolean {
		const wasPublishing = this.#members.get(personId)?.media != null;
		this.#members.delete(personId);
		return wasPublishing;
	}

	clear(): void {
		this.#members.clear();
	}

	list(): StagePerson[] {
		return [...this.#members.values()].flatMap((member) => (member.media ? toStagePerson(member, member.media) : []));
	}

	onAir(): ScenePerson[] {
		return this.list()
			.filter(({ onAir }) => onAir)
			.map(({ personId, name }) => ({ personId, name }));
	}
}

function toStagePerson({ person, heldBackstage }: Member, media: { audio: boolean; video: boolean }): StagePerson {
	return { ...person, onAir: !heldBackstage, ...media };
}
