import type { AnsweredMedia } from "../sdp/answer.ts";
import type { MediaKind } from "../sdp/codecs.ts";
import { type AgreedMedia, agreeOnMedia, unusable } from "../sdp/negotiate.ts";
import type { Offer } from "../sdp/session-description.ts";
import type { PublishedMedia } from "../sfu/publisher.ts";

const AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/** No transport-cc: the estimate we send is REMB. */
const videoFeedback = ["nack", "nack pli", "ccm fir", "goog-remb"];

/**
 * What a WHIP offer publishes: at most one audio and one video (RFC 9725 section 4.4.1).
 * @throws AppError unusable-media
 */
export function negotiatePublish(offer: Offer): { media: PublishedMedia[]; answered: AnsweredMedia[] } {
	const agreed = agreeOnMedia(offer, ["sendonly", "sendrecv"]);
	for (const kind of ["audio", "video"] satisfies MediaKind[]) {
		if (agreed.filter((media) => media.kind === kind).length > 1) throw unusable(`it has more than one ${kind}`);
	}
	if (new Set(agreed.flatMap(({ offered }) => offered.streamId ?? [])).size > 1)
		throw unusable("it has more than one MediaStream");
	return { media: agreed.map(published), answered: agreed.map(answered) };
}

function published({ offered, kind, codecs }: AgreedMedia): PublishedMedia {
	return { kind, codecs, audioLevelId: audioLevel(offered.extensions)?.id };
}

function answered({ offered, kind, codecs }: AgreedMedia): AnsweredMedia {
	const level = kind === "audio" ? audioLevel(offered.extensions) : undefined;
	const feedback = kind === "video" ? videoFeedback : [];
	return { offered, direction: "recvonly", codecs, feedback, extensions: level ? [level] : [] };
}

function audioLevel(extensions: { id: number; uri: string }[]): { id: number; uri: string } | undefined {
	return extensions.find(({ uri }) => uri === AUDIO_LEVEL);
}
