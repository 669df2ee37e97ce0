import type { AnsweredMedia } from "../sdp/answer.ts";
import type { MediaKind } from "../sdp/codecs.ts";
import { extensionIds, offeredId } from "../sdp/extensions.ts";
import { type AgreedMedia, agreeOnMedia, unusable, type Wanted } from "../sdp/negotiate.ts";
import type { Offer } from "../sdp/session-description.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";

const wanted: Wanted = {
	directions: ["sendonly", "sendrecv"],
	direction: "recvonly",
	// No video-orientation: without it a browser turns the pictures itself, and every decoder after us sees them upright. One
	// that sends it all the same, under the id it offered, is believed.
	extensions: {
		audio: ["mid", "audioLevel", "transportCc"],
		video: ["mid", "rid", "repairedRid", "transportCc"],
	},
	feedback: {
		audio: ["transport-cc", "nack"],
		video: ["transport-cc", "goog-remb", "nack", "nack pli", "ccm fir"],
	},
};

/**
 * What a WHIP offer publishes: at most one audio and one video (RFC 9725 section 4.4.1).
 * @throws AppError unusable-media
 */
export function negotiatePublish(offer: Offer): { media: PublishedMedia[]; answered: AnsweredMedia[] } {
	const agreed = agreeOnMedia(offer, wanted);
	for (const kind of ["audio", "video"] satisfies MediaKind[]) {
		if (agreed.filter((media) => media.kind === kind).length > 1) throw unusable(`it has more than one ${kind}`);
	}
	if (new Set(agreed.flatMap(({ offered }) => offered.streamId ?? [])).size > 1)
		throw unusable("it has more than one MediaStream");
	return {
		media: agreed.map(published),
		answered: agreed.map((media) => ({ ...media, direction: "recvonly", rids: layersOf(media) })),
	};
}

function published(media: AgreedMedia): PublishedMedia {
	const { offered, kind, codecs, extensions } = media;
	const orientation = kind === "video" ? offeredId(offered.extensions, "orientation") : undefined;
	return {
		kind,
		...(offered.mid === undefined ? {} : { mid: offered.mid }),
		codecs,
		extensions: { ...extensionIds(extensions), ...(orientation === undefined ? {} : { orientation }) },
		rids: layersOf(media),
		ssrcs: offered.ssrcs,
	};
}

/** Without its header extension nothing could tell the layers from each other. */
function layersOf({ offered, kind, extensions }: AgreedMedia): string[] {
	return kind === "video" && extensions.some(({ name }) => name === "rid") ? offered.rids : [];
}
