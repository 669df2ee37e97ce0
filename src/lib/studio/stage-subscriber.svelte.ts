import type { ApiProblem } from "../control/api-problem.ts";
import { type LinkState, MediaLink } from "./media-link.svelte.ts";
import { stageCodecs } from "./stage-codecs.ts";

const POLL_MS = 200;

export interface StageSlot {
	/** Who is in it; null: nobody. Undefined where `people` was not given. */
	personId?: string | null;
	/** One video and one audio track, silent while the slot is empty. The same object until the connection is made anew. */
	stream: MediaStream;
}

interface StageSubscriberOptions {
	/** `/whep/:id`, absolute or not. */
	url: string;
	/** A presenter's or host's. */
	token: string;
	/** How many people can be shown at once. */
	slotCount: number;
	/** Who is in the slots of a session: the `slots` of `WebinarEvents`. */
	people?: (session: string) => readonly (string | null)[] | undefined;
}

/** Receives the others on stage by one WHEP session with a fixed number of slots, so that nobody's coming needs signalling. */
export class StageSubscriber {
	/** Somebody's picture has arrived on the present connection and was decoded. */
	receiving = $state(false);

	readonly #link: MediaLink;
	readonly #slotCount: number;
	readonly #people: StageSubscriberOptions["people"];
	#streams = $state.raw<MediaStream[]>([]);
	#poll: ReturnType<typeof setInterval> | undefined;

	constructor({ url, token, slotCount, people }: StageSubscriberOptions) {
		this.#slotCount = slotCount;
		this.#people = people;
		this.#link = new MediaLink({
			url: new URL(url, location.href).href,
			token,
			prepare: (connection) => this.#prepare(connection),
		});
	}

	get state(): LinkState {
		return this.#link.state;
	}

	get problem(): ApiProblem | null {
		return this.#link.problem;
	}

	/** The session's name in events. */
	get session(): string | null {
		return this.#link.session;
	}

	get slots(): StageSlot[] {
		const people = this.session === null ? undefined : this.#people?.(this.session);
		if (!this.#people) return this.#streams.map((stream) => ({ stream }));
		return this.#streams.map((stream, i) => ({ stream, personId: people?.[i] ?? null }));
	}

	start(): void {
		this.#link.start();
		this.#poll ??= setInterval(() => void this.#look(), POLL_MS);
	}

	stop(): void {
		clearInterval(this.#poll);
		this.#poll = undefined;
		this.#link.stop();
		this.#streams = [];
		this.receiving = false;
	}

	/** The i-th video and the i-th audio m-line are slot i. */
	#prepare(connection: RTCPeerConnection): void {
		this.receiving = false;
		const streams: MediaStream[] = [];
		for (let i = 0; i < this.#slotCount; i++) {
			const tracks = (["video", "audio"] as const).map((kind) => {
				const transceiver = connection.addTransceiver(kind, { direction: "recvonly" });
				transceiver.setCodecPreferences(stageCodecs(kind));
				return transceiver.receiver.track;
			});
			streams.push(new MediaStream(tracks));
		}
		this.#streams = streams;
	}

	async #look(): Promise<void> {
		const { connection } = this.#link;
		if (this.receiving || this.state !== "live" || !connection) return;
		const report = await connection.getStats();
		if (this.#link.connection !== connection) return;
		for (const stats of report.values()) {
			if (stats.type === "inbound-rtp" && stats.kind === "video" && stats.framesDecoded > 0) this.receiving = true;
		}
	}
}
