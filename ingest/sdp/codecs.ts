import type { FeedTrack } from "../../core/protocol/feed.ts";
import type { OfferedCodec, OfferedMedia } from "./session-description.ts";

export type MediaKind = FeedTrack["kind"];
export type CodecName = FeedTrack["codec"];

/** A codec both ends agree on, under the offerer's payload type. */
export interface AgreedCodec extends OfferedCodec {
	codec: CodecName;
}

const codecsOf: Record<MediaKind, { codec: CodecName; clockRate: number }[]> = {
	audio: [{ codec: "opus", clockRate: 48000 }],
	video: [
		{ codec: "VP8", clockRate: 90000 },
		{ codec: "H264", clockRate: 90000 },
	],
};

/** What the offerer can do and we can too, at most one payload type for each codec, in the order offered. */
export function agreeOnCodecs(media: OfferedMedia, kind: MediaKind): AgreedCodec[] {
	const agreed = codecsOf[kind].flatMap(({ codec, clockRate }) => {
		const candidates = media.codecs.filter(
			(offered) => offered.name.toLowerCase() === codec.toLowerCase() && offered.clockRate === clockRate,
		);
		const chosen = codec === "H264" ? bestH264(candidates) : candidates[0];
		return chosen ? [{ ...chosen, codec }] : [];
	});
	return agreed.sort((a, b) => media.codecs.findIndex(is(a)) - media.codecs.findIndex(is(b)));
}

const is = (codec: OfferedCodec) => (other: OfferedCodec) => other.payloadType === codec.payloadType;

/** Packetization mode 1 (RFC 6184) alone; the profile every browser decodes first. The level is no reason to refuse. */
function bestH264(candidates: OfferedCodec[]): OfferedCodec | undefined {
	const usable = candidates.filter(({ parameters }) => /(^|;)\s*packetization-mode=1\s*(;|$)/.test(parameters));
	const withProfile = (start: string) =>
		usable.find(({ parameters }) => new RegExp(`profile-level-id=${start}`, "i").test(parameters));
	return withProfile("42e0") ?? withProfile("4200") ?? usable[0];
}
