import type { MediaSource } from "../../../core/protocol/stage.ts";
import type { ApiProblem } from "../control/api-problem.ts";
import { type LinkState, MediaLink, type SessionEndings } from "./media-link.svelte.ts";
import { stageCodecs } from "./stage-codecs.ts";

/**
 * Simulcast layers of a 720p30 face, lowest first: the SFU forwards to each of the others what their tile and their network
 * take. A browser leaves out layers that a small camera has no pixels for.
 */
const CAMERA: RTCRtpEncodingParameters[] = [
	{ rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
	{ rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
	{ rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];
/** One layer: a smaller picture of a text would be of no use to anybody. */
const SCREEN: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];
const AUDIO: RTCRtpEncodingParameters[] = [{ maxBitrate: 64_000 }];

interface WhipPublisherOptions {
	/** `/whip/:id`, absolute or not. */
	url: string;
	/** A presenter's. */
	token: string;
	source: MediaSource;
	endings: SessionEndings;
}

/**
 * Publishes a camera and a microphone, or a screen, by WHIP (RFC 9725). Opus keeps its browser defaults: DTX is off in them, and a mixer
 * is better served by steady packets.
 */
export class WhipPublisher {
	readonly #link: MediaLink;
	readonly #source: MediaSource;
	#stream: MediaStream | null = null;

	constructor({ url, token, source, endings }: WhipPublisherOptions) {
		this.#source = source;
		const address = new URL(url, location.href);
		if (source === "screen") address.searchParams.set("source", source);
		this.#link = new MediaLink({
			url: address.href,
			token,
			endings,
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

	/** Both kinds are always offered of a camera, so that one found later needs no new session. */
	#prepare(connection: RTCPeerConnection): void {
		const streams = [new MediaStream()];
		for (const kind of ["audio", "video"] as const) {
			const track = this.#stream?.getTracks().find((candidate) => candidate.kind === kind);
			if (!track && this.#source === "screen") continue;
			const transceiver = connection.addTransceiver(track ?? kind, {
				direction: "sendonly",
				streams,
				sendEncodings: kind === "audio" ? AUDIO : this.#source === "screen" ? SCREEN : CAMERA,
			});
			transceiver.setCodecPreferences(stageCodecs(kind, "sent"));
		}
	}
}
