import type { ApiProblem } from "../control/api-problem.ts";
import { type LinkState, MediaLink } from "./media-link.svelte.ts";
import { stageCodecs } from "./stage-codecs.ts";

/** A connection that was ended by the server shows so by itself; this page has no events to learn of it sooner. */
const noNews = { onSessionEnded: () => () => {} };

/** Receives the programme as it is composed, some tenths of a second after the cameras, by a WHEP session of its own. */
export class ProgrammeViewer {
	/** One video and one audio track; anew with every connection. */
	stream = $state.raw<MediaStream | null>(null);

	readonly #link: MediaLink;

	/** `token`: a host's. */
	constructor({ webinarId, token }: { webinarId: string; token: string }) {
		this.#link = new MediaLink({
			url: new URL(`/whep/${webinarId}?source=programme`, location.href).href,
			token,
			endings: noNews,
			prepare: (connection) => this.#prepare(connection),
		});
	}

	get state(): LinkState {
		return this.#link.state;
	}

	get problem(): ApiProblem | null {
		return this.#link.problem;
	}

	start(): void {
		this.#link.start();
	}

	stop(): void {
		this.#link.stop();
		this.stream = null;
	}

	#prepare(connection: RTCPeerConnection): void {
		const tracks = (["video", "audio"] as const).map((kind) => {
			const transceiver = connection.addTransceiver(kind, { direction: "recvonly" });
			transceiver.setCodecPreferences(stageCodecs(kind, "received"));
			return transceiver.receiver.track;
		});
		this.stream = new MediaStream(tracks);
	}
}
