import { randomBytes, randomInt } from "node:crypto";
import type { AnsweredMedia } from "../sdp/answer.ts";
import { agreeOnMedia, unusable } from "../sdp/negotiate.ts";
import type { Offer } from "../sdp/session-description.ts";
import type { SubscribedMedia } from "../sfu/subscriber.ts";

/** Slots of one session. */
const MAX_SLOTS = 24;
const SSRC_RANGE = 2 ** 32 - 2;
/** NACK and keyframe requests; our sending rate is the publisher's, so estimates of it are not asked for. */
const videoFeedback = ["nack", "nack pli", "ccm fir"];

/**
 * What a WHEP offer takes: the i-th audio and the i-th video m= line are slot i.
 * @throws AppError unusable-media
 */
export function negotiateSubscribe(offer: Offer): { media: SubscribedMedia[]; answered: AnsweredMedia[] } {
	const agreed = agreeOnMedia(offer, ["recvonly", "sendrecv"]);
	const taken = { audio: 0, video: 0 };
	const cnames: string[] = [];
	const ssrcs = new Set<number>();
	const media = agreed.map(({ kind, codecs }): SubscribedMedia => {
		const slot = taken[kind]++;
		if (slot >= MAX_SLOTS) throw unusable(`it has more than ${MAX_SLOTS} m=${kind} lines`);
		// One canonical name and stream for audio and video of a slot: receivers keep those in step with each other.
		cnames[slot] ??= randomBytes(12).toString("base64url");
		return { kind, codecs, slot, cname: cnames[slot], ssrc: drawSsrc(ssrcs) };
	});
	const answered = agreed.flatMap(({ offered, kind, codecs }, index): AnsweredMedia[] => {
		const own = media[index];
		if (!own) return [];
		const stream = { ssrc: own.ssrc, cname: own.cname, id: `slot-${own.slot}` };
		return [
			{
				offered,
				direction: "sendonly",
				codecs,
				feedback: kind === "video" ? videoFeedback : [],
				extensions: [],
				stream,
			},
		];
	});
	return { media, answered };
}

function drawSsrc(taken: Set<number>): number {
	let ssrc: number;
	do ssrc = 1 + randomInt(SSRC_RANGE);
	while (taken.has(ssrc));
	taken.add(ssrc);
	return ssrc;
}
