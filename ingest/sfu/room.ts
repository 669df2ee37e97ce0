import { EventEmitter } from "node:events";
import type { MediaSource } from "../../core/protocol/stage.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { ActiveSpeaker } from "./active-speaker.ts";
import type { Publisher } from "./publisher.ts";
import { assignSlots, assignSpeaker } from "./slots.ts";
import type { Subscriber } from "./subscriber.ts";

interface RoomEvents {
	/** A publisher's media flows, or its tracks have changed. */
	present: [publisher: Publisher];
	/** A session's slots changed hands, or it has just connected. */
	slots: [subscriber: Subscriber];
	/** The last session has ended. */
	empty: [];
}

const SPEAKER_INTERVAL_MS = 100;
/** Reloads leave sessions behind until they time out; a person gets no more than this many at once. */
const MAX_SUBSCRIBERS_PER_PERSON = 4;

/** One webinar's publishers and subscribers, and who sees whom. */
export class Room extends EventEmitter<RoomEvents> {
	readonly webinarId: string;
	readonly #clock: Clock;
	/** By person and source; connected ones in order of joining. */
	readonly #pending = new Map<string, Publisher>();
	readonly #present = new Map<string, Publisher>();
	readonly #subscribers = new Set<Subscriber>();
	/** Present to those who watch it, and to nobody else. */
	#programme: Publisher | undefined;
	readonly #speaker = new ActiveSpeaker();
	readonly #spokeMs = (personId: string) => this.#speaker.spokeMs(personId);
	#nextSpeakerMs = 0;

	constructor(webinarId: string, { clock }: { clock: Clock }) {
		super();
		this.webinarId = webinarId;
		this.#clock = clock;
	}

	/** Those whose media is connected, in order of joining. */
	get publishers(): Publisher[] {
		return [...this.#present.values()];
	}

	get subscribers(): Subscriber[] {
		return [...this.#subscribers];
	}

	/** Of a person whose media is connected. */
	publisher(personId: string, source: MediaSource): Publisher | undefined {
		return this.#present.get(key({ personId, source }));
	}

	/** In the place of an earlier session of the same person and source, which ends: a page that was reloaded comes back so. */
	addPublisher(publisher: Publisher): void {
		const name = key(publisher);
		const earlier = [this.#pending.get(name), this.#present.get(name)];
		this.#pending.set(name, publisher);
		for (const session of earlier) session?.close("replaced");
		publisher.on("connected", () => {
			this.#pending.delete(name);
			this.#present.set(name, publisher);
			this.#assign();
			this.emit("present", publisher);
		});
		publisher.on("tracks", () => {
			this.#assign();
			this.emit("present", publisher);
		});
		// The sound of a shared screen is nobody's speech.
		if (publisher.source === "camera")
			publisher.on("level", (level, mediaMs) =>
				this.#speaker.onLevel(publisher.personId, level, mediaMs, this.#clock.now()),
			);
		publisher.on("closed", () => this.#removePublisher(publisher));
	}

	/** Somebody waits for the programme, or sees it. */
	get programmeWatched(): boolean {
		return this.subscribers.some(({ programme }) => programme);
	}

	/** What is shown to those who watch the programme, in the place of an earlier one; it ends when nobody watches any more. */
	setProgramme(publisher: Publisher): void {
		const earlier = this.#programme;
		this.#programme = publisher;
		earlier?.close("replaced");
		publisher.on("tracks", () => this.#assign());
		publisher.on("closed", () => {
			if (this.#programme !== publisher) return;
			this.#programme = undefined;
			this.#assign();
		});
	}

	addSubscriber(subscriber: Subscriber): void {
		const own = this.subscribers.filter(
			({ personId, programme }) => personId === subscriber.personId && programme === subscriber.programme,
		);
		if (own.length >= MAX_SUBSCRIBERS_PER_PERSON) own[0]?.close("replaced");
		this.#subscribers.add(subscriber);
		subscriber.on("connected", () => {
			this.#assignTo(subscriber);
			this.#tellSlots(subscriber);
		});
		subscriber.on("closed", () => {
			this.#subscribers.delete(subscriber);
			if (!this.programmeWatched) this.#programme?.close("nobody watches");
			this.#checkEmpty();
		});
		this.#assignTo(subscriber);
		this.#tellSlots(subscriber);
	}

	/**
	 * How loud a camera's decoded sound is, for publishers whose packets do not tell (OBS, ffmpeg). `level`: 0 is loudest, 127
	 * silence (RFC 6464).
	 */
	onLoudness(personId: string, level: number): void {
		if (this.publisher(personId, "camera")?.hasLevels() !== false) return;
		const now = this.#clock.now();
		this.#speaker.onLevel(personId, level, now, now);
	}

	tick(): void {
		for (const publisher of this.#present.values()) publisher.tick();
		this.#programme?.tick();
		for (const subscriber of this.#subscribers) subscriber.tick();
		const now = this.#clock.now();
		if (now < this.#nextSpeakerMs) return;
		this.#nextSpeakerMs = now + SPEAKER_INTERVAL_MS;
		// Who has begun to speak may need a slot before they are the loudest.
		if (this.#speaker.update(now) || this.#present.size > 1) this.#assign();
	}

	close(reason: string): void {
		for (const session of this.#sessions()) session.close(reason);
	}

	#sessions(): (Publisher | Subscriber)[] {
		return [...this.#pending.values(), ...this.#present.values(), ...this.#subscribers];
	}

	#removePublisher(publisher: Publisher): void {
		const name = key(publisher);
		if (this.#pending.get(name) === publisher) this.#pending.delete(name);
		if (this.#present.get(name) === publisher) {
			this.#present.delete(name);
			if (publisher.source === "camera") this.#speaker.remove(publisher.personId);
			this.#assign();
		}
		this.#checkEmpty();
	}

	#checkEmpty(): void {
		if (this.#sessions().length === 0) this.emit("empty");
	}

	#others(personId: string): Publisher[] {
		return this.publishers.filter((publisher) => publisher.personId !== personId);
	}

	#assign(): void {
		for (const subscriber of this.#subscribers) if (this.#assignTo(subscriber)) this.#tellSlots(subscriber);
	}

	#tellSlots(subscriber: Subscriber): void {
		if (!subscriber.programme) this.emit("slots", subscriber);
	}

	#assignTo(subscriber: Subscriber): boolean {
		if (subscriber.programme) {
			const programme = [this.#programme ?? null];
			return subscriber.show(programme, programme, undefined);
		}
		const others = this.#others(subscriber.personId);
		const speaker = this.#speaker.current;
		if (!subscriber.followsSpeaker) {
			const slots = assignSlots(subscriber.shown, others, this.#spokeMs, this.#clock.now());
			return subscriber.show(slots, slots, speaker);
		}
		const [shownBefore = null] = subscriber.shown;
		const [heardBefore = null] = subscriber.heard;
		const { shown, heard } = assignSpeaker(shownBefore, heardBefore, others, speaker);
		return subscriber.show([shown], [heard], speaker);
	}
}

function key({ personId, source }: { personId: string; source: MediaSource }): string {
	return `${source} ${personId}`;
}
