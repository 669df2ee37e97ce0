const session = [
	"v=0",
	"o=- 4611731400430051336 2 IN IP4 127.0.0.1",
	"s=-",
	"t=0 0",
	"a=group:BUNDLE 0 1",
	"a=msid-semantic: WMS stream",
];

const transport = [
	"c=IN IP4 0.0.0.0",
	"a=rtcp:9 IN IP4 0.0.0.0",
	"a=ice-ufrag:EsAw",
	"a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
	`a=fingerprint:sha-256 ${Array(32).fill("0F").join(":")}`,
	"a=setup:actpass",
];

const audio = [
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
	...transport,
	"a=mid:0",
	"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
	"a=sendonly",
	"a=msid:stream audio",
	"a=rtcp-mux",
	"a=rtpmap:111 opus/48000/2",
	"a=rtcp-fb:111 transport-cc",
	"a=fmtp:111 minptime=10;useinbandfec=1",
	"a=rtpmap:0 PCMU/8000",
	"a=ssrc:1001 cname:c",
];

const video = [
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104",
	...transport,
	"a=mid:1",
	"a=extmap:14 urn:ietf:params:rtp-hdrext:toffset",
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
	"a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	"a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	"a=extmap:13 urn:3gpp:video-orientation",
	"a=sendonly",
	"a=msid:stream video",
	"a=rtcp-mux",
	"a=rtcp-rsize",
	"a=rtpmap:96 VP8/90000",
	"a=rtcp-fb:96 goog-remb",
	"a=rtcp-fb:96 transport-cc",
	"a=rtcp-fb:96 ccm fir",
	"a=rtcp-fb:96 nack",
	"a=rtcp-fb:96 nack pli",
	"a=rtpmap:97 rtx/90000",
	"a=fmtp:97 apt=96",
	"a=ssrc-group:FID 2001 2002",
	"a=ssrc:2001 cname:c",
	"a=ssrc:2002 cname:c",
	"a=rtpmap:102 H264/90000",
	"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
	"a=rtpmap:103 H264/90000",
	"a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
	"a=rtpmap:104 H264/90000",
	"a=rtcp-fb:104 transport-cc",
	"a=rtcp-fb:104 nack pli",
	"a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
];

/** An offer to publish audio and video, shaped like Chromium's. */
export const publishOffer = sdp(session, audio, video);

/** The same, to receive `slots` of each. */
export function subscribeOffer(slots: number): string {
	const pairs = Array.from({ length: slots }, (_, slot) => [as(audio, 2 * slot), as(video, 2 * slot + 1)]).flat();
	const group = session.map((line) =>
		line.startsWith("a=group") ? `a=group:BUNDLE ${pairs.map((_, mid) => mid).join(" ")}` : line,
	);
	return sdp(group, ...pairs)
		.replaceAll("a=sendonly", "a=recvonly")
		.replaceAll(/a=(msid|ssrc|ssrc-group):.*\r\n/g, "");
}

function as(section: string[], mid: number): string[] {
	return section.map((line) => (line.startsWith("a=mid:") ? `a=mid:${mid}` : line));
}

function sdp(...sections: string[][]): string {
	return `${sections.flat().join("\r\n")}\r\n`;
}
