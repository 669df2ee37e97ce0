import { expect, test } from "vitest";
import { publishOffer, subscribeOffer } from "../test-support/offers.ts";
import { negotiateSubscribe } from "../whep/subscribe.ts";
import { negotiatePublish } from "../whip/publish.ts";
import { composeAnswer } from "./answer.ts";
import { parseOffer } from "./session-description.ts";

const hosts = [
	{ address: "192.0.2.2", port: 8189, protocol: "tcp" as const },
	{ address: "127.0.0.1", port: 8189, protocol: "udp" as const },
	{ address: "fd00::2", port: 8189, protocol: "udp" as const },
	{ address: "192.0.2.2", port: 8189, protocol: "udp" as const },
];
const local = { ufrag: "ours", password: "secret", fingerprint: "sha-256 AA:BB", setup: "passive" as const, hosts };

test("the answer to a publisher takes what we use and no more", () => {
	const answer = composeAnswer(local, negotiatePublish(parseOffer(publishOffer)).answered, 5);
	expect(answer.split("\r\n")).toEqual([
		"v=0",
		"o=- 5 1 IN IP4 192.0.2.2",
		"s=-",
		"t=0 0",
		"a=group:BUNDLE 0 1",
		"a=ice-lite",
		"a=msid-semantic:WMS *",
		"m=audio 8189 UDP/TLS/RTP/SAVPF 111",
		"c=IN IP4 192.0.2.2",
		"a=mid:0",
		"a=ice-ufrag:ours",
		"a=ice-pwd:secret",
		"a=fingerprint:sha-256 AA:BB",
		"a=setup:passive",
		"a=recvonly",
		"a=rtcp-mux",
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
		"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
		"a=rtpmap:111 opus/48000/2",
		"a=fmtp:111 minptime=10;useinbandfec=1",
		"a=rtcp-fb:111 transport-cc",
		"a=candidate:1 1 udp 2130706431 192.0.2.2 8189 typ host",
		"a=candidate:2 1 udp 2130706175 fd00::2 8189 typ host",
		"a=candidate:3 1 udp 2130705919 127.0.0.1 8189 typ host",
		"a=candidate:4 1 tcp 1520434431 192.0.2.2 8189 typ host tcptype passive",
		"a=end-of-candidates",
		"m=video 8189 UDP/TLS/RTP/SAVPF 96 97 104",
		"c=IN IP4 192.0.2.2",
		"a=mid:1",
		"a=ice-ufrag:ours",
		"a=ice-pwd:secret",
		"a=fingerprint:sha-256 AA:BB",
		"a=setup:passive",
		"a=recvonly",
		"a=rtcp-mux",
		"a=rtcp-rsize",
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
		"a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
		"a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
		"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
		"a=rtpmap:96 VP8/90000",
		"a=rtcp-fb:96 transport-cc",
		"a=rtcp-fb:96 nack",
		"a=rtcp-fb:96 nack pli",
		"a=rtcp-fb:96 ccm fir",
		"a=rtpmap:97 rtx/90000",
		"a=fmtp:97 apt=96",
		"a=rtpmap:104 H264/90000",
		"a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		"a=rtcp-fb:104 transport-cc",
		"a=rtcp-fb:104 nack pli",
		"",
	]);
});

test("each slot of a subscriber is a stream of its own, its audio and video under one name", () => {
	const { media, answered } = negotiateSubscribe(parseOffer(subscribeOffer(3)));
	expect(media.map(({ kind, slot }) => `${kind}${slot}`)).toEqual([
		"audio0",
		"video0",
		"audio1",
		"video1",
		"audio2",
		"video2",
	]);
	expect(new Set(media.map(({ ssrc }) => ssrc)).size).toBe(6);
	const answer = composeAnswer(local, answered, 5);
	for (const { kind, ssrc, rtxSsrc, cname, slot } of media) {
		const source = `a=ssrc:${ssrc} cname:${cname}\r\n`;
		const sources =
			kind === "audio"
				? source
				: `a=ssrc-group:FID ${ssrc} ${rtxSsrc}\r\n${source}a=ssrc:${rtxSsrc} cname:${cname}\r\n`;
		expect(answer).toContain(`a=msid:slot-${slot} slot-${slot}-${ssrc}\r\n${sources}`);
	}
	expect(new Set(media.map(({ cname }) => cname)).size).toBe(3);
	expect(answer.match(/a=sendonly/g)).toHaveLength(6);
	expect(answer).not.toMatch(/remb|rtp-stream-id/);
});

test.each([
	["receives only", publishOffer.replaceAll("a=sendonly", "a=recvonly")],
	[
		"has a second video",
		publishOffer.replace("BUNDLE 0 1", "BUNDLE 0 1 2") +
			publishOffer.slice(publishOffer.indexOf("m=video")).replace("a=mid:1", "a=mid:2"),
	],
	["has two streams", publishOffer.replace("a=msid:stream video", "a=msid:other video")],
	["has a data channel", publishOffer.replace(/m=audio \d+ UDP\/TLS\/RTP\/SAVPF/, "m=application 9 UDP/DTLS/SCTP")],
	["has no codec we know", publishOffer.replace("opus/48000/2", "speex/16000")],
	[
		"has H.264 in mode 0 alone",
		publishOffer.replace("VP8/90000", "H265/90000").replaceAll("packetization-mode=1", "packetization-mode=0"),
	],
	["has VP9 of 10 bits alone", onlyVideo("VP9", "profile-id=2")],
	["has AV1 of 4:4:4 alone", onlyVideo("AV1", "level-idx=5; profile=1; tier=0")],
	["is not bundled", publishOffer.replace(/a=group.*\r\n/, "")],
	["does not multiplex RTCP", publishOffer.replaceAll("a=rtcp-mux\r\n", "")],
	["has a port of 0", publishOffer.replace("m=video 9", "m=video 0")],
	["is not encrypted", publishOffer.replaceAll("UDP/TLS/RTP/SAVPF", "RTP/AVP")],
	["uses one payload type twice", publishOffer.replaceAll("111", "96")],
])("an offer that %s cannot be published", (_what, sdp) => {
	expect(() => negotiatePublish(parseOffer(sdp))).toThrow(expect.objectContaining({ code: "unusable-media" }));
});

test("a bundle-only m= line with port 0 is taken, as Firefox and GStreamer send it", () => {
	const sdp = publishOffer.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=bundle-only\r\na=mid:1");
	expect(negotiatePublish(parseOffer(sdp)).media.map(({ kind }) => kind)).toEqual(["audio", "video"]);
});

test("no BUNDLE is answered that was not offered", () => {
	const lone = publishOffer.slice(0, publishOffer.indexOf("m=video")).replace(/a=group.*\r\n/, "");
	expect(composeAnswer(local, negotiatePublish(parseOffer(lone)).answered, 5)).not.toContain("a=group");
});

test("a lone H.264 of any profile is taken, as OBS sends it", () => {
	const sdp = publishOffer.replace("96 97 102 103 104", "102");
	expect(negotiatePublish(parseOffer(sdp)).media[1]?.codecs).toMatchObject([{ codec: "H264", payloadType: 102 }]);
});

test.each([
	["VP9", ""],
	["VP9", "profile-id=0"],
	["AV1", ""],
	["AV1", "level-idx=5;profile=0;tier=0"],
])("a lone %s with the parameters '%s' is taken", (codec, parameters) => {
	const [, video] = negotiatePublish(parseOffer(onlyVideo(codec, parameters))).media;
	expect(video?.codecs).toMatchObject([{ codec, payloadType: 96, rtxPayloadType: 97, parameters }]);
});

test("whichever codec the publisher prefers comes first in the answer", () => {
	const sdp = publishOffer.replace("H264/90000", "VP9/90000").replace("96 97 102 103 104", "102 96 97 104");
	const [, video] = negotiatePublish(parseOffer(sdp)).media;
	expect(video?.codecs.map(({ codec }) => codec)).toEqual(["VP9", "VP8", "H264"]);
});

test("an orientation is never agreed on, but known where a publisher sends it all the same", () => {
	const { media, answered } = negotiatePublish(parseOffer(publishOffer));
	expect(media.map(({ extensions }) => extensions.orientation)).toEqual([undefined, 13]);
	expect(composeAnswer(local, answered, 5)).not.toContain("orientation");
});

test("a subscriber that sends or asks for too much is refused", () => {
	expect(() => negotiateSubscribe(parseOffer(publishOffer))).toThrow(
		expect.objectContaining({ code: "unusable-media" }),
	);
	expect(() => negotiateSubscribe(parseOffer(subscribeOffer(25)))).toThrow(
		expect.objectContaining({ code: "unusable-media" }),
	);
	expect(negotiateSubscribe(parseOffer(subscribeOffer(24))).media).toHaveLength(48);
});

function onlyVideo(codec: string, parameters: string): string {
	return publishOffer
		.replace("96 97 102 103 104", "96 97")
		.replace("a=rtpmap:96 VP8/90000", `a=rtpmap:96 ${codec}/90000${parameters && `\r\na=fmtp:96 ${parameters}`}`);
}
