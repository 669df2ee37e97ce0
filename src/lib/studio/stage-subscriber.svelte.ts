import type { ApiProblem } from "../control/api-problem.ts";
import { type LinkState, MediaLink, type SessionEndings } from "./media-link.svelte.ts";
import { stageCodecs } from "./stage-codecs.ts";

const POLL_MS = 200;

/** Who is in it is said by the `slots` of `WebinarEvents`, under the session's name. */
export interface StageSlot {
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
	endings: SessionEndings;
}

/** Receives the others on stage by one WHEP session with a fixed number of slots, so that nobody's coming needs signalling. */
export class StageSubscriber {
	/** Somebody's picture has arrived on the present connection and was decoded. */
	receiving = $state(false);
	/** In the order of the offer's m-lines; anew with every connection. */
	slots = $state.raw<StageSlot[]>([]);

	readonly #link: MediaLink;
	readonly #slotCount: number;
	#poll: ReturnType<typeof setInterval> | undefined;

	constructor({ url, token, slotCount, endings }: StageSubscriberOptions) {
		this.#slotCount = slotCount;
		this.#link = new MediaLink({
			url: new URL(url, location.href).href,
			token,
			endings,
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

	start(): void {
		this.#link.start();
		this.#poll ??= setInterval(() => void this.#look(), POLL_MS);
	}

	stop(): void {
		clearInterval(this.#poll);
		this.#poll = undefined;
		this.#link.stop();
		this.slots = [];
		this.receiving = false;
	}

	/** The i-th video and the i-th audio m-line are slot i. */
	#prepare(connection: RTCPeerConnection): void {
		this.receiving = false;
		const slots: StageSlot[] = [];
		for (let i = 0; i < this.#slotCount; i++) {
			const tracks = (["video", "audio"] as const).map((kind) => {
				const transceiver = connection.addTransceiver(kind, { direction: "recvonly" });
				transceiver.setCodecPreferences(stageCodecs(kind, "received"));
				return transceiver.receiver.track;
			});
			slots.push({ stream: new MediaStream(tracks) });
		}
		this.slots = slots;
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
