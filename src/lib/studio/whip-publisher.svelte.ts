import type { ApiProblem } from "../control/api-problem.ts";
import { type LinkState, MediaLink } from "./media-link.svelte.ts";
import { stageCodecs } from "./stage-codecs.ts";

/** 720p30 of a face; the SFU forwards it to everybody on stage, whose downlinks add up. */
const VIDEO_BPS = 1_500_000;
const AUDIO_BPS = 64_000;

/**
 * Publishes a camera and a microphone by WHIP (RFC 9725). Opus keeps its browser defaults: DTX is off in them, and a mixer
 * is better served by steady packets.
 */
export class WhipPublisher {
	readonly #link: MediaLink;
	#stream: MediaStream | null = null;

	/** `url`: `/whip/:id`, absolute or not. `token`: a presenter's. */
	constructor({ url, token }: { url: string; token: string }) {
		this.#link = new MediaLink({
			url: new URL(url, location.href).href,
			token,
			prepare: (connection) => this.#prepare(connection),
		});
	}

	get state(): LinkState {
		return this.#link.state;
	}

	/** A sentence to be shown, in `message`. */
	get problem(): ApiProblem | null {
		return this.#link.problem;
	}

	start(stream: MediaStream): void {
		this.#stream = stream;
		this.#link.start();
	}

	/** Goes on with other tracks, without anybody noticing more than the new picture. */
	async replaceStream(stream: MediaStream): Promise<void> {
		this.#stream = stream;
		for (const { sender, receiver } of this.#link.connection?.getTransceivers() ?? []) {
			await sender.replaceTrack(stream.getTracks().find(({ kind }) => kind === receiver.track.kind) ?? null);
		}
	}

	stop(): void {
		this.#link.stop();
		this.#stream = null;
	}

	/** Both kinds are always offered, so that a camera found later needs no new session. */
	#prepare(connection: RTCPeerConnection): void {
		const streams = [new MediaStream()];
		for (const kind of ["audio", "video"] as const) {
			const track = this.#stream?.getTracks().find((candidate) => candidate.kind === kind);
			const transceiver = connection.addTransceiver(track ?? kind, {
				direction: "sendonly",
				streams,
				sendEncodings: [{ maxBitrate: kind === "video" ? VIDEO_BPS : AUDIO_BPS }],
			});
			transceiver.setCodecPreferences(stageCodecs(kind));
		}
	}
}
