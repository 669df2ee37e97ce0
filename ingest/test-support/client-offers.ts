/** Offers as known clients make them, without what nobody reads. */

const URN = "urn:ietf:params:rtp-hdrext:";
const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill("0F").join(":")}`;
const ice = ["a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1"];
const secured = (setup: string) => ["c=IN IP4 0.0.0.0", ...ice, fingerprint, `a=setup:${setup}`];

function sdp(session: string[], ...media: string[][]): string {
	return `${["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", ...session, ...media.flat()].join("\r\n")}\r\n`;
}

function videoCodec(payloadType: number, name: string, parameters: string[], rtx?: number): string[] {
	return [
		`a=rtpmap:${payloadType} ${name}/90000`,
		...["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"].map((value) => `a=rtcp-fb:${payloadType} ${value}`),
		...parameters.map((value) => `a=fmtp:${payloadType} ${value}`),
		...(rtx ? [`a=rtpmap:${rtx} rtx/90000`, `a=fmtp:${rtx} apt=${payloadType}`] : []),
	];
}

const h264 = (profile: string, mode = 1) => [
	`level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
];

const chromiumAudio = [
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
	...secured("actpass"),
	"a=mid:0",
	`a=extmap:14 ${URN}ssrc-audio-level`,
	`a=extmap:2 ${ABS_SEND_TIME}`,
	`a=extmap:3 ${TRANSPORT_CC}`,
	`a=extmap:4 ${URN}sdes:mid`,
	"a=sendonly",
	"a=msid:s a",
	"a=rtcp-mux",
	"a=rtcp-rsize",
	"a=rtpmap:111 opus/48000/2",
	"a=rtcp-fb:111 transport-cc",
	"a=fmtp:111 minptime=10;useinbandfec=1",
	"a=rtpmap:63 red/48000/2",
	"a=fmtp:63 111/111",
	"a=rtpmap:9 G722/8000",
	"a=ssrc:1001 cname:c",
];

const chromiumVideoHead = [
	...secured("actpass"),
	"a=mid:1",
	`a=extmap:1 ${URN}toffset`,
	`a=extmap:2 ${ABS_SEND_TIME}`,
	"a=extmap:13 urn:3gpp:video-orientation",
	`a=extmap:3 ${TRANSPORT_CC}`,
	"a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
	`a=extmap:4 ${URN}sdes:mid`,
	`a=extmap:10 ${URN}sdes:rtp-stream-id`,
	`a=extmap:11 ${URN}sdes:repaired-rtp-stream-id`,
	"a=sendonly",
	"a=msid:s v",
	"a=rtcp-mux",
	"a=rtcp-rsize",
];

const browserSession = ["a=group:BUNDLE 0 1", "a=extmap-allow-mixed", "a=msid-semantic: WMS s"];

export const chromium = sdp(browserSession, chromiumAudio, [
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 106 107 98 99 45 46 116 117",
	...chromiumVideoHead,
	...videoCodec(96, "VP8", [], 97),
	...videoCodec(102, "H264", h264("42001f"), 103),
	...videoCodec(106, "H264", h264("42e01f"), 107),
	...videoCodec(98, "VP9", ["profile-id=0"], 99),
	...videoCodec(45, "AV1", ["level-idx=5;profile=0;tier=0"], 46),
	"a=rtpmap:116 red/90000",
	"a=rtpmap:117 ulpfec/90000",
	"a=rid:h send",
	"a=rid:m send",
	"a=rid:l send",
	"a=simulcast:send h;m;l",
]);

export const firefox = sdp(
	[fingerprint, "a=group:BUNDLE 0 1", "a=ice-options:trickle", "a=msid-semantic:WMS *"],
	[
		"m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101",
		"c=IN IP4 0.0.0.0",
		"a=sendonly",
		`a=extmap:1 ${URN}ssrc-audio-level`,
		`a=extmap:2/recvonly ${URN}csrc-audio-level`,
		`a=extmap:3 ${URN}sdes:mid`,
		"a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1",
		...ice,
		"a=mid:0",
		"a=msid:{s} {a}",
		"a=rtcp-mux",
		"a=rtpmap:109 opus/48000/2",
		"a=rtcp-fb:109 transport-cc",
		"a=setup:actpass",
		"a=ssrc:1001 cname:{c}",
	],
	[
		"m=video 0 UDP/TLS/RTP/SAVPF 120 124 126 127 97 98",
		"c=IN IP4 0.0.0.0",
		"a=bundle-only",
		"a=sendonly",
		`a=extmap:3 ${URN}sdes:mid`,
		`a=extmap:4 ${ABS_SEND_TIME}`,
		`a=extmap:5 ${URN}toffset`,
		"a=extmap:6/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
		`a=extmap:7 ${TRANSPORT_CC}`,
		`a=extmap:8/sendonly ${URN}sdes:rtp-stream-id`,
		`a=extmap:9/recvonly ${URN}sdes:repaired-rtp-stream-id`,
		...ice,
		"a=mid:1",
		"a=msid:{s} {v}",
		"a=rtcp-mux",
		"a=rtcp-rsize",
		...videoCodec(120, "VP8", ["max-fs=12288;max-fr=60"], 124),
		...videoCodec(126, "H264", ["profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1"], 127),
		...videoCodec(97, "H264", ["profile-level-id=42e01f;level-asymmetry-allowed=1"], 98),
		"a=rid:0 send",
		"a=rid:1 send",
		"a=simulcast:send 0;1",
		"a=setup:actpass",
		"a=ssrc:2001 cname:{c}",
		"a=ssrc:2002 cname:{c}",
		"a=ssrc:2003 cname:{c}",
		"a=ssrc:2004 cname:{c}",
		"a=ssrc-group:FID 2001 2002",
		"a=ssrc-group:FID 2003 2004",
	],
);

export const safari = sdp(browserSession, chromiumAudio, [
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101",
	...chromiumVideoHead,
	...videoCodec(96, "H264", h264("640c1f"), 97),
	...videoCodec(98, "H264", h264("42e01f"), 99),
	...videoCodec(100, "VP8", [], 101),
	"a=ssrc-group:FID 2001 2002",
	"a=ssrc:2001 cname:c",
	"a=ssrc:2002 cname:c",
]);

const obsAudio = [
	"m=audio 9 UDP/TLS/RTP/SAVPF 111",
	...secured("actpass"),
	"a=mid:0",
	"a=sendonly",
	"a=ssrc:1001 cname:obs",
	"a=ssrc:1001 msid:obs obs-audio",
	"a=msid:obs obs-audio",
	"a=rtcp-mux",
	"a=rtpmap:111 opus/48000/2",
	"a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1",
];

function obs(extra: string[]): string {
	const video = [
		"m=video 9 UDP/TLS/RTP/SAVPF 96",
		...secured("actpass"),
		"a=mid:1",
		"a=sendonly",
		"a=ssrc:2001 cname:obs",
		"a=ssrc:2001 msid:obs obs-video",
		"a=msid:obs obs-video",
		"a=rtcp-mux",
		"a=rtpmap:96 H264/90000",
		"a=rtcp-fb:96 nack",
		"a=rtcp-fb:96 nack pli",
		"a=rtcp-fb:96 goog-remb",
		"a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
		...extra,
	];
	const session = ["a=group:BUNDLE 0 1", "a=group:LS 0 1", "a=msid-semantic:WMS *", "a=ice-options:ice2,trickle"];
	return sdp(session, obsAudio, video);
}

export const obs30 = obs([]);

export const obs32Simulcast = obs([
	`a=extmap:1 ${URN}sdes:mid`,
	`a=extmap:2 ${URN}sdes:rtp-stream-id`,
	"a=rid:0 send",
	"a=rid:1 send",
	"a=rid:2 send",
	"a=simulcast:send 0;1;2",
]);

export const ffmpeg8 = sdp(
	["a=group:BUNDLE 0 1", "a=extmap-allow-mixed", "a=msid-semantic: WMS"],
	[
		"m=audio 9 UDP/TLS/RTP/SAVPF 111",
		...secured("passive"),
		"a=mid:0",
		"a=sendonly",
		"a=msid:FFmpeg audio",
		"a=rtcp-mux",
		"a=rtpmap:111 opus/48000/2",
		"a=ssrc:1001 cname:FFmpeg",
		"a=ssrc:1001 msid:FFmpeg audio",
	],
	[
		"m=video 9 UDP/TLS/RTP/SAVPF 106 105",
		...secured("passive"),
		"a=mid:1",
		"a=sendonly",
		"a=msid:FFmpeg video",
		"a=rtcp-mux",
		"a=rtcp-rsize",
		"a=rtpmap:106 H264/90000",
		"a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01f",
		"a=rtcp-fb:106 nack",
		"a=rtpmap:105 rtx/90000",
		"a=fmtp:105 apt=106",
		"a=ssrc-group:FID 2001 2002",
		"a=ssrc:2001 cname:FFmpeg",
		"a=ssrc:2002 cname:FFmpeg",
	],
);

export const gstreamer = sdp(
	["a=ice-options:trickle", "a=group:BUNDLE audio0 video1"],
	[
		"m=audio 9 UDP/TLS/RTP/SAVPF 96",
		...secured("actpass"),
		"a=mid:audio0",
		"a=sendonly",
		"a=rtcp-mux",
		"a=rtcp-mux-only",
		"a=rtcp-rsize",
		"a=rtpmap:96 OPUS/48000/2",
		`a=extmap:1 ${TRANSPORT_CC}`,
		"a=rtcp-fb:96 transport-cc",
		"a=ssrc:1001 msid:user s0",
		"a=ssrc:1001 cname:user",
	],
	[
		"m=video 0 UDP/TLS/RTP/SAVPF 97",
		"a=bundle-only",
		...secured("actpass"),
		"a=mid:video1",
		"a=sendonly",
		"a=rtcp-mux",
		"a=rtcp-mux-only",
		"a=rtcp-rsize",
		"a=rtpmap:97 H264/90000",
		"a=rtcp-fb:97 nack",
		"a=rtcp-fb:97 nack pli",
		"a=rtcp-fb:97 ccm fir",
		"a=rtcp-fb:97 transport-cc",
		"a=fmtp:97 packetization-mode=1;profile-level-id=42c01f",
		`a=extmap:1 ${TRANSPORT_CC}`,
		"a=ssrc:2001 msid:user s1",
		"a=ssrc:2001 cname:user",
	],
);

/** libdatachannel, on which OBS and others build, with the least it says. */
export const libdatachannel = sdp(
	["a=group:BUNDLE video", "a=msid-semantic:WMS *", ...ice, fingerprint, "a=setup:actpass"],
	[
		"m=video 41234 UDP/TLS/RTP/SAVPF 96",
		"c=IN IP4 192.0.2.7",
		"a=mid:video",
		"a=sendonly",
		"a=ssrc:42 cname:video",
		"a=rtcp-mux",
		"a=rtpmap:96 VP8/90000",
		"a=rtcp-fb:96 nack",
		"a=rtcp-fb:96 nack pli",
		"a=rtcp-fb:96 goog-remb",
		"a=candidate:1 1 UDP 2122317823 192.0.2.7 41234 typ host",
		"a=end-of-candidates",
	],
);
