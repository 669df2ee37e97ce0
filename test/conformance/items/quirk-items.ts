import assert from "node:assert/strict";
import type { ConformanceItem } from "../conformance-item.ts";
import { rawAudio, rawOffer, rawVideo, writeOffer } from "../raw-offer.ts";
import { directionOf, parseCandidate } from "../session-text.ts";

const h264 = {
	payloadTypes: [96],
	codecs: [
		"a=rtpmap:96 H264/90000",
		"a=rtcp-fb:96 nack",
		"a=rtcp-fb:96 nack pli",
		"a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
	],
};
/** ffmpeg's buffer for the answer. */
const FFMPEG_ANSWER_BYTES = 8192;

/** Offers as known clients write them. */
export const quirkItems: ConformanceItem[] = [
	{
		id: "Q1",
		title: "OBS: H.264 alone as payload type 96, no candidate, no rtcp-mux-only",
		section: "OBS Studio 30 to 32",
		async run(context) {
			const offer = writeOffer(rawOffer({ media: [rawAudio(), rawVideo(h264)] })).replaceAll("a=rtcp-mux-only\r\n", "");
			const { answer } = await context.open("whip", offer);
			assert.match(answer.text, /a=rtpmap:96 H264\/90000/);
			assert.match(answer.text, /a=fmtp:96 .*packetization-mode=1/);
			assert.deepEqual(answer.media.map(directionOf), ["recvonly", "recvonly"]);
		},
	},
	{
		id: "Q2",
		title: "ffmpeg: setup:passive; an answer of at most 8192 bytes whose first candidate is a UDP host",
		section: "ffmpeg 8",
		async run(context) {
			const { created, answer } = await context.open(
				"whip",
				writeOffer(rawOffer({ setup: "passive", media: [rawAudio(), rawVideo(h264)] })),
			);
			assert.ok(Buffer.byteLength(created.body) <= FFMPEG_ANSWER_BYTES, `${created.body.length} bytes`);
			const [first] = answer.all("candidate").map(parseCandidate);
			assert.equal(first?.transport, "udp");
			assert.equal(first.type, "host");
			assert.equal(answer.first("setup"), "active");
		},
	},
	{
		id: "Q3",
		title: "Safari: H.264 profiles are matched without their level",
		section: "RFC 6184 section 8.2.2",
		async run(context) {
			for (const profile of ["42e01f", "42e034", "42001f"]) {
				const codecs = h264.codecs.map((line) => line.replace("42e01f", profile));
				const session = await context.open(
					"whip",
					writeOffer(rawOffer({ media: [rawAudio(), rawVideo({ ...h264, codecs })] })),
				);
				await context.delete(session);
			}
		},
	},
	{
		id: "Q4",
		title: "Credentials and fingerprint of the session level apply to every m= line",
		section: "libdatachannel, RFC 8839 section 5.4, RFC 8122 section 5",
		async run(context) {
			const lines = writeOffer(rawOffer()).split("\r\n");
			const moved = ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"].map(
				(name) => lines.find((line) => line.startsWith(name)) ?? "",
			);
			const kept = lines.filter((line) => !/^a=(ice-ufrag|ice-pwd|fingerprint|setup):/.test(line));
			kept.splice(
				kept.findIndex((line) => line.startsWith("m=")),
				0,
				...moved,
			);
			const { answer } = await context.open("whip", kept.join("\r\n"));
			assert.equal(answer.media.length, 2);
		},
	},
];
