import type { FeedTrack } from "../../core/protocol/feed.ts";
import type { OfferedCodec, OfferedMedia } from "./offered-media.ts";

export type MediaKind = FeedTrack["kind"];
export type CodecName = FeedTrack["codec"];

/** A codec both ends agree on, under the offerer's payload type. Its `feedback` is what both ends do of it. */
export interface AgreedCodec extends OfferedCodec {
	codec: CodecName;
	/** Of its retransmissions (RFC 4588), where both ends do them. */
	rtxPayloadType?: number;
}

const codecsOf: Record<MediaKind, { codec: CodecName; clockRate: number }[]> = {
	audio: [{ codec: "opus", clockRate: 48000 }],
	video: [
		{ codec: "VP8", clockRate: 90000 },
		{ codec: "H264", clockRate: 90000 },
		{ codec: "VP9", clockRate: 90000 },
		{ codec: "AV1", clockRate: 90000 },
	],
};

/**
 * What the offerer can do and we can too, at most one payload type for each codec, in the order offered. `feedback`: the
 * values of `a=rtcp-fb` we act on or send.
 */
export function agreeOnCodecs(media: OfferedMedia, kind: MediaKind, feedback: string[]): AgreedCodec[] {
	const agreed = codecsOf[kind].flatMap(({ codec, clockRate }) => {
		const candidates = media.codecs.filter(
			(offered) => offered.name.toLowerCase() === codec.toLowerCase() && offered.clockRate === clockRate,
		);
		const chosen = bestOf(codec, candidates);
		if (!chosen) return [];
		const agreed: AgreedCodec = {
			...chosen,
			codec,
			feedback: feedback.filter((value) => chosen.feedback.includes(value)),
		};
		const rtxPayloadType = agreed.feedback.includes("nack") ? retransmissionsOf(chosen, media) : undefined;
		return [rtxPayloadType === undefined ? agreed : { ...agreed, rtxPayloadType }];
	});
	return agreed.sort((a, b) => media.codecs.findIndex(is(a)) - media.codecs.findIndex(is(b)));
}

const is = (codec: OfferedCodec) => (other: OfferedCodec) => other.payloadType === codec.payloadType;

function bestOf(codec: CodecName, candidates: OfferedCodec[]): OfferedCodec | undefined {
	if (codec === "H264") return bestH264(candidates);
	// Pictures of 8 bits in 4:2:0 at most times, which is what is meant without a profile, and all that every client decodes.
	if (codec === "VP9") return candidates.find(({ parameters }) => profileOf(parameters, "profile-id") === 0);
	if (codec === "AV1") return candidates.find(({ parameters }) => profileOf(parameters, "profile") === 0);
	return candidates[0];
}

function profileOf(parameters: string, name: string): number {
	return Number(new RegExp(`(?:^|;)\\s*${name}=(\\d{1,3})\\s*(?:;|$)`).exec(parameters)?.[1] ?? 0);
}

/** Packetization mode 1 (RFC 6184) alone; the profile every browser decodes first. The level is no reason to refuse. */
function bestH264(candidates: OfferedCodec[]): OfferedCodec | undefined {
	const usable = candidates.filter(({ parameters }) => /(^|;)\s*packetization-mode=1\s*(;|$)/.test(parameters));
	const withProfile = (start: string) =>
		usable.find(({ parameters }) => new RegExp(`profile-level-id=${start}`, "i").test(parameters));
	return withProfile("42e0") ?? withProfile("4200") ?? usable[0];
}

/** RFC 4588: the payload type that is associated (`apt`) with the codec's. */
function retransmissionsOf(codec: OfferedCodec, media: OfferedMedia): number | undefined {
	return media.codecs.find(
		({ name, clockRate, parameters }) =>
			name.toLowerCase() === "rtx" &&
			clockRate === codec.clockRate &&
			/(?:^|;)\s*apt=(\d{1,3})\s*(?:;|$)/.exec(parameters)?.[1] === String(codec.payloadType),
	)?.payloadType;
}
