import type { ScenePerson } from "../../core/protocol/scene.ts";
import type { MediaSource, StagePerson } from "../../core/protocol/stage.ts";
import type { Person } from "../../core/protocol/webinar.ts";
import { Cameras } from "./cameras.ts";

export interface PublishedKinds {
	audio: boolean;
	video: boolean;
}

interface Member {
	person: Person;
	/** What they publish now. */
	media: Map<MediaSource, PublishedKinds>;
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

	readonly #cameras = new Cameras();

	present(person: Person, source: MediaSource, { audio, video }: PublishedKinds): boolean {
		const { media = new Map<MediaSource, PublishedKinds>(), heldBackstage = false } =
			this.#members.get(person.personId) ?? {};
		const known = media.get(source);
		if (known?.audio === audio && known.video === video) return false;
		if (!known && source === "camera") this.#cameras.publishes(person.personId);
		media.set(source, { audio, video });
		this.#members.set(person.personId, { person, media, heldBackstage });
		return true;
	}

	/** The person's page says whether their camera is switched on. `saidOver`: the connection, whatever stands for it. */
	cameraSaid(personId: string, on: boolean, saidOver: object): boolean {
		return this.#cameras.say(personId, on, saidOver) && this.isPublishing(personId);
	}

	connectionGone(personId: string, connection: object): void {
		this.#cameras.connectionGone(personId, connection);
	}

	shows(personId: string, source: MediaSource): boolean {
		return this.#members.get(personId)?.media.has(source) ?? false;
	}

	gone(personId: string, source: MediaSource): boolean {
		return this.#members.get(personId)?.media.delete(source) ?? false;
	}

	isPublishing(personId: string): boolean {
		return (this.#members.get(personId)?.media.size ?? 0) > 0;
	}

	/** Undefined: that person does not publish. */
	setOnAir(personId: string, onAir: boolean): StagePerson | undefined {
		const member = this.#members.get(personId);
		if (!member || member.media.size === 0) return undefined;
		member.heldBackstage = !onAir;
		return this.#toStagePerson(member);
	}

	/** Forgets the person. Says whether they were publishing. */
	remove(personId: string): boolean {
		const wasPublishing = this.isPublishing(personId);
		this.#members.delete(personId);
		this.#cameras.forget(personId);
		return wasPublishing;
	}

	clear(): void {
		this.#members.clear();
		this.#cameras.clear();
	}

	list(): StagePerson[] {
		return this.#publishing().map((member) => this.#toStagePerson(member));
	}

	/** What is shown comes before who shows it. */
	onAir(): ScenePerson[] {
		const members = this.#publishing().filter(({ heldBackstage }) => !heldBackstage);
		return (["screen", "camera"] as const).flatMap((source) =>
			members.filter(({ media }) => media.has(source)).map((member) => this.#toScenePerson(member, source)),
		);
	}

	#publishing(): Member[] {
		return [...this.#members.values()].filter(({ media }) => media.size > 0);
	}

	#toStagePerson(member: Member): StagePerson {
		const { person, heldBackstage, media } = member;
		return {
			...person,
			onAir: !heldBackstage,
			audio: media.get("camera")?.audio ?? false,
			video: this.#hasPicture(member, "camera"),
			screen: media.has("screen"),
		};
	}

	#toScenePerson(member: Member, source: MediaSource): ScenePerson {
		const { personId, name, title } = member.person;
		const video = this.#hasPicture(member, source);
		// A screen has no office.
		return source === "screen"
			? { personId, source, name: `${name} (screen)`, title: "", video }
			: { personId, source, name, title, video };
	}

	#hasPicture({ person, media }: Member, source: MediaSource): boolean {
		return (media.get(source)?.video ?? false) && !(source === "camera" && this.#cameras.isOff(person.personId));
	}
}
