import { expect, test } from "vitest";
import * as offers from "../test-support/client-offers.ts";
import { negotiateSubscribe } from "../whep/subscribe.ts";
import { negotiatePublish } from "../whip/publish.ts";
import { composeAnswer } from "./answer.ts";
import { parseOffer } from "./session-description.ts";

/** ffmpeg reads no longer answer. */
const FFMPEG_ANSWER_BYTES = 8192;
const hosts = ["192.0.2.2", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "198.51.100.7"].flatMap((address) =>
	(["tcp", "udp"] as const).map((protocol) => ({ address, port: 65_535, protocol })),
);
const local = {
	ufrag: "u".repeat(8),
	password: "p".repeat(32),
	fingerprint: `sha-256 ${Array(32).fill("AA").join(":")}`,
	hosts,
};

function answerTo(sdp: string) {
	const offer = parseOffer(sdp);
	const { media, answered } = negotiatePublish(offer);
	const setup = offer.transport.setup === "passive" ? ("active" as const) : ("passive" as const);
	const answer = composeAnswer({ ...local, setup }, answered, 2 ** 32 - 1);
	const [, ...sections] = answer.split(/(?=^m=)/m);
	return { offer, media, answer, sections };
}

const codecsOf = ({ media }: ReturnType<typeof answerTo>) =>
	media.map(({ codecs }) =>
		codecs.map(({ codec, payloadType, rtxPayloadType }) => [codec, payloadType, rtxPayloadType]),
	);

test.each(Object.entries(offers))("%s gets an answer it can read", (_client, sdp) => {
	const { offer, answer, sections } = answerTo(sdp);
	expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(FFMPEG_ANSWER_BYTES);
	expect(sections.map((section) => section.slice(2, 7))).toEqual(offer.media.map(({ kind }) => kind));
	const mids = offer.media.map(({ mid }) => mid);
	expect(answer).toContain(`a=group:BUNDLE ${mids.join(" ")}\r\n`);
	const candidates = answer.match(/^a=candidate:.*$/gm) ?? [];
	expect(candidates).toHaveLength(6);
	expect(candidates[0]).toBe("a=candidate:1 1 udp 2130706431 192.0.2.2 65535 typ host");
	const priorities = candidates.map((line) => Number(line.split(" ")[3]));
	expect(priorities).toEqual([...new Set(priorities)].toSorted((a, b) => b - a));
	expect(candidates.filter((line) => / tcp .* typ host tcptype passive$/.test(line))).toHaveLength(3);
	for (const section of sections) {
		expect(section).toContain("a=recvonly\r\n");
		expect(section).toContain("a=rtcp-mux\r\n");
	}
});

test("Chromium: three layers by rid, retransmissions, transport-wide feedback and no REMB", () => {
	const { media, sections, answer, offer } = answerTo(offers.chromium);
	expect(codecsOf({ media, sections, answer, offer })).toEqual([
		[["opus", 111, undefined]],
		[
			["VP8", 96, 97],
			["H264", 106, 107],
			["VP9", 98, 99],
			["AV1", 45, 46],
		],
	]);
	expect(media[0]?.extensions).toEqual({ mid: 4, audioLevel: 14, transportCc: 3 });
	expect(media[1]?.extensions).toEqual({ mid: 4, rid: 10, repairedRid: 11, transportCc: 3, orientation: 13 });
	expect(media[1]?.rids).toEqual(["h", "m", "l"]);
	expect(media[1]?.codecs[0]?.feedback).toEqual(["transport-cc", "nack", "nack pli", "ccm fir"]);
	expect(sections[1]).toContain("a=rid:h recv\r\na=rid:m recv\r\na=rid:l recv\r\na=simulcast:recv h;m;l\r\n");
	expect(answer).not.toMatch(/remb|abs-send-time|orientation|toffset| red\//);
});

test("Firefox: extensions only in the direction they were offered, pairs of SSRCs, port 0 in the bundle", () => {
	const { media, sections } = answerTo(offers.firefox);
	expect(media[1]?.extensions).toEqual({ mid: 3, rid: 8, transportCc: 7 });
	expect(sections[1]).toContain("a=extmap:8/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n");
	expect(sections[0]).not.toContain("csrc-audio-level");
	// No transport-cc extension: the feedback alone would be empty words.
	expect(media[0]?.codecs[0]?.feedback).toEqual([]);
	expect(media[1]?.rids).toEqual(["0", "1"]);
	expect(media[1]?.ssrcs).toEqual([
		{ ssrc: 2001, rtxSsrc: 2002 },
		{ ssrc: 2003, rtxSsrc: 2004 },
	]);
	expect(
		media[1]?.codecs.map(({ codec, payloadType, rtxPayloadType }) => [codec, payloadType, rtxPayloadType]),
	).toEqual([
		["VP8", 120, 124],
		["H264", 126, 127],
	]);
});

test("Safari: constrained baseline, though high profile comes first", () => {
	const taken = answerTo(offers.safari);
	expect(codecsOf(taken)[1]).toEqual([
		["H264", 98, 99],
		["VP8", 100, 101],
	]);
	expect(taken.media[1]?.ssrcs).toEqual([{ ssrc: 2001, rtxSsrc: 2002 }]);
	expect(taken.media[1]?.rids).toEqual([]);
});

test("OBS: one codec, no retransmissions, REMB as it knows no better", () => {
	const taken = answerTo(offers.obs30);
	expect(codecsOf(taken)).toEqual([[["opus", 111, undefined]], [["H264", 96, undefined]]]);
	expect(taken.media[1]).toMatchObject({ extensions: {}, rids: [], ssrcs: [{ ssrc: 2001 }] });
	expect(taken.media[1]?.codecs[0]?.feedback).toEqual(["goog-remb", "nack", "nack pli"]);
	expect(taken.answer).not.toContain("extmap");
});

test("OBS with simulcast: every layer on the first a=simulcast line", () => {
	const { media, answer } = answerTo(offers.obs32Simulcast);
	expect(media[1]).toMatchObject({ extensions: { mid: 1, rid: 2 }, rids: ["0", "1", "2"], ssrcs: [{ ssrc: 2001 }] });
	expect(answer.match(/^a=simulcast:.*$/gm)).toEqual(["a=simulcast:recv 0;1;2"]);
});

test("ffmpeg: it is the passive one, its profile is taken", () => {
	const taken = answerTo(offers.ffmpeg8);
	expect(taken.answer.match(/a=setup:\w+/g)).toEqual(["a=setup:active", "a=setup:active"]);
	expect(codecsOf(taken)[1]).toEqual([["H264", 106, 105]]);
	expect(taken.media[1]?.ssrcs).toEqual([{ ssrc: 2001, rtxSsrc: 2002 }]);
});

test("GStreamer: rtcp-mux-only, a port of 0 in the bundle, OPUS in capitals", () => {
	const { media, sections } = answerTo(offers.gstreamer);
	for (const section of sections) expect(section).toContain("a=rtcp-mux\r\na=rtcp-mux-only\r\n");
	expect(media.map(({ mid, extensions }) => [mid, extensions])).toEqual([
		["audio0", { transportCc: 1 }],
		["video1", { transportCc: 1 }],
	]);
	expect(sections[0]).toContain("a=rtpmap:96 OPUS/48000/2\r\n");
});

test("libdatachannel: transport of the session, a mid that is a word", () => {
	const { media } = answerTo(offers.libdatachannel);
	expect(media).toMatchObject([{ kind: "video", mid: "video", ssrcs: [{ ssrc: 42 }] }]);
});

test("an ordinary player gets one stream with feedback of what it got, under ids of its own", () => {
	const offer = parseOffer(offers.chromium.replaceAll("a=sendonly", "a=recvonly"));
	const { media, answered } = negotiateSubscribe(offer);
	const answer = composeAnswer({ ...local, setup: "passive" }, answered, 1);
	expect(media[0]?.extensions).toEqual({ mid: 4, audioLevel: 14, transportCc: 3 });
	expect(media[1]).toMatchObject({ extensions: { mid: 4, transportCc: 3 }, rtxSsrc: expect.any(Number) });
	expect(media[0]).not.toHaveProperty("rtxSsrc");
	expect(answer.match(/a=msid:\S+/g)).toEqual(["a=msid:slot-0", "a=msid:slot-0"]);
	expect(answer).toContain(`a=ssrc-group:FID ${media[1]?.ssrc} ${media[1]?.rtxSsrc}\r\n`);
	expect(answer).not.toMatch(/a=rid|a=simulcast/);
});

test("a player without transport-wide feedback estimates by itself", () => {
	const sdp = offers.chromium.replaceAll("a=sendonly", "a=recvonly").replaceAll(/a=rtcp-fb:\d+ transport-cc\r\n/g, "");
	const { media } = negotiateSubscribe(parseOffer(sdp));
	expect(media[1]?.extensions).toEqual({ mid: 4, absSendTime: 2, orientation: 13 });
	expect(media[1]?.codecs[0]?.feedback).toEqual(["goog-remb", "nack", "nack pli", "ccm fir"]);
});

test.each([
	["without the rid extension", (sdp: string) => sdp.replace(/a=extmap:10 .*\r\n/, ""), []],
	["of one layer", (sdp: string) => sdp.replace("send h;m;l", "send h"), []],
	["of layers that were not declared", (sdp: string) => sdp.replace("a=rid:m send\r\n", ""), ["h", "l"]],
	["with alternatives and pauses", (sdp: string) => sdp.replace("send h;m;l", "send ~l,m;~h"), ["l", "h"]],
	["to both sides", (sdp: string) => sdp.replace("send h;m;l", "recv x send l;h"), ["l", "h"]],
	["of a rid no packet can carry", (sdp: string) => sdp.replaceAll(/\bm\b(?= send|;)/g, "m".repeat(17)), ["h", "l"]],
	[
		"of four layers",
		(sdp: string) => sdp.replace("a=simulcast:send h;m;l", "a=rid:x send\r\na=simulcast:send h;m;l;x"),
		["h", "m", "l"],
	],
])("simulcast %s", (_what, change, rids) => {
	const { media, answer } = answerTo(change(offers.chromium));
	expect(media[1]?.rids).toEqual(rids);
	expect(answer.includes("a=simulcast")).toBe(rids.length > 0);
});

test("SSRCs in the order of their simulcast group, without those of repair", () => {
	const lines = [
		"a=ssrc-group:FID 3 30",
		"a=ssrc-group:SIM 1 2 3",
		"a=ssrc-group:FID 1 10",
		"a=ssrc-group:FEC-FR 2 20",
		...[3, 30, 10, 20, 2, 1].map((ssrc) => `a=ssrc:${ssrc} cname:c`),
		"a=ssrc:4294967296 cname:c",
		"a=ssrc:x cname:c",
	];
	const { media } = answerTo(
		offers.obs30.replace("a=ssrc:2001 cname:obs\r\na=ssrc:2001 msid:obs obs-video", lines.join("\r\n")),
	);
	expect(media[1]?.ssrcs).toEqual([{ ssrc: 1, rtxSsrc: 10 }, { ssrc: 2 }, { ssrc: 3, rtxSsrc: 30 }]);
});
