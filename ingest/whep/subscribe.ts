import { randomBytes, randomInt } from "node:crypto";
import type { AnsweredMedia } from "../sdp/answer.ts";
import { extensionIds } from "../sdp/extensions.ts";
import { agreeOnMedia, unusable, type Wanted } from "../sdp/negotiate.ts";
import type { Offer } from "../sdp/session-description.ts";
import type { SubscribedMedia } from "../sdp/session-media.ts";

/** Slots of one session. */
const MAX_SLOTS = 24;
const SSRC_RANGE = 2 ** 32 - 2;
const wanted: Wanted = {
	directions: ["recvonly", "sendrecv"],
	direction: "sendonly",
	extensions: {
		audio: ["mid", "audioLevel", "transportCc", "absSendTime"],
		video: ["mid", "transportCc", "absSendTime", "orientation"],
	},
	feedback: {
		audio: ["transport-cc", "nack"],
		video: ["transport-cc", "goog-remb", "nack", "nack pli", "ccm fir"],
	},
};

/**
 * What a WHEP offer takes: the i-th audio and the i-th video m= line are slot i.
 * @throws AppError unusable-media
 */
export function negotiateSubscribe(offer: Offer): { media: SubscribedMedia[]; answered: AnsweredMedia[] } {
	const taken = { audio: 0, video: 0 };
	const cnames: string[] = [];
	const ssrcs = new Set<number>();
	const media: SubscribedMedia[] = [];
	const answered: AnsweredMedia[] = [];
	for (const agreed of agreeOnMedia(offer, wanted)) {
		const { offered, kind, codecs, extensions } = agreed;
		const slot = taken[kind]++;
		if (slot >= MAX_SLOTS) throw unusable(`it has more than ${MAX_SLOTS} m=${kind} lines`);
		// One canonical name and stream for audio and video of a slot: receivers keep those in step with each other.
		cnames[slot] ??= randomBytes(12).toString("base64url");
		const stream = {
			ssrc: drawSsrc(ssrcs),
			...(codecs.some(({ rtxPayloadType }) => rtxPayloadType !== undefined) ? { rtxSsrc: drawSsrc(ssrcs) } : {}),
			cname: cnames[slot],
		};
		const mid = offered.mid === undefined ? {} : { mid: offered.mid };
		media.push({ kind, ...mid, codecs, extensions: extensionIds(extensions), slot, ...stream });
		answered.push({ ...agreed, direction: "sendonly", rids: [], stream: { ...stream, id: `slot-${slot}` } });
	}
	return { media, answered };
}

/**
 * The programme is one picture and one sound, and it is coded once for all.
 * @throws AppError unusable-media
 */
export function requireProgrammeMedia(media: readonly SubscribedMedia[]): void {
	if (media.some(({ slot }) => slot > 0)) throw unusable("the programme is one video and one audio");
	const video = media.filter(({ kind }) => kind === "video");
	if (video.some(({ codecs }) => !codecs.some(({ codec }) => codec === "H264")))
		throw unusable("the programme is H.264 with packetization-mode=1");
}

function drawSsrc(taken: Set<number>): number {
	let ssrc: number;
	do ssrc = 1 + randomInt(SSRC_RANGE);
	while (taken.has(ssrc));
	taken.add(ssrc);
	return ssrc;
}
