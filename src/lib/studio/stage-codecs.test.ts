import { expect, test } from "vitest";
import { stageCodecs } from "./stage-codecs.ts";

const codec = (mimeType: string, sdpFmtpLine?: string) =>
	({ mimeType, clockRate: 90_000, ...(sdpFmtpLine && { sdpFmtpLine }) }) satisfies RTCRtpCodec;

test("VP8 first, H.264 in packetization mode 1 next, retransmission last, and to receive VP9 and AV1 too", () => {
	const browser = [
		codec("video/rtx"),
		codec("video/H264", "packetization-mode=0;profile-level-id=42001f"),
		codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
		codec("video/VP9"),
		codec("video/AV1"),
		codec("video/VP8"),
		codec("video/red"),
	];
	expect(stageCodecs("video", "sent", browser)).toEqual([browser[5], browser[2], browser[0]]);
	expect(stageCodecs("video", "received", browser)).toEqual([
		browser[5],
		browser[2],
		browser[3],
		browser[4],
		browser[0],
	]);
});

test("Opus alone", () => {
	expect(stageCodecs("audio", "sent", [codec("audio/PCMU"), codec("audio/opus"), codec("audio/G722")])).toEqual([
		codec("audio/opus"),
	]);
});
