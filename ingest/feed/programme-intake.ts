import type { Socket } from "node:net";
import type { FeedTrack, ProgrammeRequest } from "../../core/protocol/feed.ts";
import { systemClock } from "../../core/runtime/clock.ts";
import { isRtcp } from "../rtp/rtp-packet.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { Publisher, type PublisherConnection } from "../sfu/publisher.ts";
import type { MediaConnectionListener } from "../transport/media-connection.ts";
import { answerFrame } from "./feed-request.ts";

/** Where the programme is shown in the place of a person. No person has such an id. */
const PROGRAMME = "programme";

/** A transcoder that sends a webinar's programme: to its room it is a publisher like others, without a transport of its own. */
export class ProgrammeIntake implements PublisherConnection {
	readonly publisher: Publisher;
	readonly connected = true;
	readonly #socket: Socket;
	#listener: MediaConnectionListener | undefined;

	constructor(socket: Socket, { webinarId, tracks }: ProgrammeRequest) {
		this.#socket = socket;
		const ids = { webinarId, personId: PROGRAMME, session: PROGRAMME, source: "camera" as const };
		this.publisher = new Publisher(
			{
				...ids,
				media: tracks.map(publishedMedia),
				connect: (listener) => {
					this.#listener = listener;
					return this;
				},
			},
			{ clock: systemClock },
		);
		socket.write(answerFrame({ accepted: true }));
		socket.on("close", () => this.publisher.close("the transcoder went"));
	}

	onPacket(packet: Buffer): void {
		if (isRtcp(packet)) this.#listener?.onRtcp(packet);
		else this.#listener?.onRtp(packet);
	}

	/** Nothing is asked of an encoder that serves the audience: its keyframes come when they come. */
	sendRtcp(): void {}

	close(): void {
		this.#socket.end();
	}
}

function publishedMedia({ kind, codec, payloadType, clockRate, ssrc }: FeedTrack): PublishedMedia {
	const agreed = { name: codec, codec, payloadType, clockRate, channels: undefined, parameters: "", feedback: [] };
	return { kind, codecs: [agreed], extensions: {}, rids: [], ssrcs: [{ ssrc }] };
}
