/**
 * What the stage sends, best first. Every WebRTC browser has both VP8 and H.264 (RFC 7742). VP8 goes first because it is
 * encoded in software everywhere, so that a keyframe asked for comes at once and a lower bitrate is kept to; hardware
 * H.264 encoders differ in both, and in the profiles they offer. The rest is left out: it only makes the offer longer.
 */
const SENT_VIDEO = ["video/VP8", "video/H264", "video/rtx"];
/** Others may publish what our pages do not. */
const RECEIVED_VIDEO = ["video/VP8", "video/H264", "video/VP9", "video/AV1", "video/rtx"];
const AUDIO = ["audio/opus"];

/** The browser's codecs of `kind` that the stage sends or receives, in order of preference. */
export function stageCodecs(
	kind: "audio" | "video",
	direction: "sent" | "received",
	all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [],
): RTCRtpCodec[] {
	const video = direction === "sent" ? SENT_VIDEO : RECEIVED_VIDEO;
	const wanted = kind === "video" ? video : AUDIO;
	const rank = ({ mimeType }: RTCRtpCodec) => wanted.findIndex((name) => name.toLowerCase() === mimeType.toLowerCase());
	return all.filter((codec) => rank(codec) >= 0 && isUsable(codec)).sort((a, b) => rank(a) - rank(b));
}

/** Without packetization mode 1 a picture cannot be larger than a packet (RFC 6184, section 6.2). */
function isUsable({ mimeType, sdpFmtpLine = "" }: RTCRtpCodec): boolean {
	return mimeType.toLowerCase() !== "video/h264" || sdpFmtpLine.includes("packetization-mode=1");
}
