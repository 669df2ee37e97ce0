import assert from "node:assert/strict";
import { type Answer, assertProblem, type ConformanceContext, shown } from "../conformance-context.ts";
import { type ConformanceItem, whip } from "../conformance-item.ts";
import { type RawOffer, rawAudio, rawOffer, rawVideo, writeOffer } from "../raw-offer.ts";
import { directionOf, has, kindOf, parseCandidate, type SessionText, values } from "../session-text.ts";
import { icePath } from "../stun-probe.ts";

const pcma = { payloadTypes: [8], codecs: ["a=rtpmap:8 PCMA/8000"] };
const unknownVideo = { payloadTypes: [120], codecs: ["a=rtpmap:120 THEORA/90000"] };

function post(context: ConformanceContext, changes: Partial<RawOffer>): Promise<Answer> {
	return context.post("whip", writeOffer(rawOffer(changes)));
}

/** An accepted offer's answer; the session is gone afterwards, as the next offer of the item is the same publisher's. */
async function answerTo(context: ConformanceContext, offer: string): Promise<SessionText> {
	const session = await context.open("whip", offer);
	await context.delete(session);
	return session.answer;
}

/** What an offer may hold, and what the answer to it has to. */
export const whipOfferItems: ConformanceItem[] = [
	{
		id: "W5",
		title: "Offers that only receive are refused; sendonly and sendrecv are answered with recvonly",
		section: whip("4.2"),
		async run(context) {
			for (const direction of ["recvonly", "inactive"] as const) {
				const media = [rawAudio({ direction }), rawVideo({ direction })];
				assertProblem(await post(context, { media }), [400, 422]);
			}
			for (const direction of ["sendonly", "sendrecv"] as const) {
				const media = [rawAudio({ direction }), rawVideo({ direction })];
				const answer = await answerTo(context, writeOffer(rawOffer({ media })));
				assert.deepEqual(answer.media.map(directionOf), ["recvonly", "recvonly"]);
			}
		},
	},
	{
		id: "W6",
		title: "More than one audio, one video or one MediaStream gets 422",
		section: whip("4.4.2"),
		async run(context) {
			const two = { mid: "2", msid: "stream second" };
			assertProblem(await post(context, { media: [rawAudio(), rawVideo(), rawAudio(two)] }), 422);
			assertProblem(await post(context, { media: [rawAudio(), rawVideo(), rawVideo(two)] }), 422);
			assertProblem(await post(context, { media: [rawAudio({ msid: "a x" }), rawVideo({ msid: "b y" })] }), 422);
			for (const alone of [rawAudio(), rawVideo({ mid: "0" })]) {
				const answer = await answerTo(context, writeOffer(rawOffer({ media: [alone] })));
				assert.equal(answer.media.length, 1);
			}
		},
	},
	{
		id: "W7",
		title: "One m= line that cannot be used refuses the whole offer with 422: no partial answers",
		section: whip("4.4.3"),
		async run(context) {
			assertProblem(await post(context, { media: [rawAudio(), rawVideo(unknownVideo)] }), 422);
			assertProblem(await post(context, { media: [rawAudio({ port: 0 }), rawVideo()] }), 422);
			const data = writeOffer(rawOffer()).replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 2");
			const channel =
				"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n";
			assertProblem(await context.post("whip", data + channel), 422);
			// Of several payload types those that can be used are picked: that is no partial answer.
			const both = rawAudio();
			both.payloadTypes = [...pcma.payloadTypes, ...both.payloadTypes];
			both.codecs = [...pcma.codecs, ...both.codecs];
			const answer = await answerTo(context, writeOffer(rawOffer({ media: [both, rawVideo()] })));
			assert.match(answer.text, /a=rtpmap:111 opus\/48000\/2/);
		},
	},
	{
		id: "W8",
		title: "Everything is in one BUNDLE with rtcp-mux; rtcp-mux-only, and bundle-only m= lines of port 0, are taken",
		section: whip("4.4.1"),
		async run(context) {
			const plain = writeOffer(rawOffer());
			const bundleOnly = writeOffer(rawOffer({ media: [rawAudio(), rawVideo({ port: 0, extra: ["a=bundle-only"] })] }));
			for (const offer of [plain, bundleOnly]) {
				const answer = await answerTo(context, offer);
				assert.deepEqual(
					answer.media.map(kindOf),
					["audio", "video"],
					"the answer has the offer's m= lines in its order",
				);
				assert.deepEqual(answer.bundle, ["0", "1"]);
				assert.deepEqual(
					answer.media.flatMap((section) => values(section, "mid")),
					["0", "1"],
				);
				// RFC 9725 wants a=rtcp-mux-only in answers too, RFC 8858 section 4.3 forbids it there: both are right here.
				for (const section of answer.media) {
					assert.ok(has(section, "rtcp-mux"), `${kindOf(section)} lacks a=rtcp-mux`);
				}
				assert.match(answer.media[0]?.lines[0] ?? "", /^m=audio [1-9]/, "the first m= line has a port");
			}
		},
	},
	{
		id: "W9",
		title: "actpass is answered with passive, active with passive, passive with active",
		section: `${whip("4.4.4")}, RFC 8842 section 5.3`,
		async run(context) {
			for (const [setup, expected] of [
				["actpass", "passive"],
				["active", "passive"],
				["passive", "active"],
			] as const) {
				const answer = await answerTo(context, writeOffer(rawOffer({ setup })));
				assert.deepEqual([...new Set(answer.all("setup"))], [expected], `setup:${setup}`);
				assert.ok(answer.all("fingerprint").length > 0, "there is no fingerprint");
			}
		},
	},
	{
		id: "W10",
		title: "The answer holds every candidate of the server, which never trickles",
		section: whip("4.3.2"),
		async run(context) {
			const answer = await answerTo(context, writeOffer(rawOffer()));
			const candidates = answer.all("candidate").map(parseCandidate);
			assert.ok(candidates.length > 0, "the answer has no candidate");
			for (const { component, address, port, type, transport } of candidates) {
				assert.equal(component, 1, "with rtcp-mux there is one component");
				assert.match(address, /^[0-9a-f.:]+$/i, "a candidate's address is one");
				assert.ok(port > 0 && port < 65536);
				assert.ok(["host", "srflx", "relay"].includes(type));
				assert.ok(["udp", "tcp"].includes(transport));
			}
			// RFC 8839 section 5.4: 4 to 256 and 22 to 256 ice-chars.
			assert.match(answer.first("ice-ufrag") ?? "", /^[A-Za-z0-9+/]{4,256}$/);
			assert.match(answer.first("ice-pwd") ?? "", /^[A-Za-z0-9+/]{22,256}$/);
		},
	},
	{
		id: "W10b",
		title: "ICE checks with the credentials of the answer are answered, others are not",
		section: "RFC 8445 section 7.3",
		async run(context) {
			const offer = rawOffer();
			const session = await context.open("whip", writeOffer(offer));
			const path = icePath(offer.ufrag, session.answer);
			const probe = await context.probe(path);
			await probe.mustAnswer(path);
			await probe.mustIgnore({ ...path, remotePassword: `${path.remotePassword.slice(0, -4)}AAAA` }, path);
			await probe.mustIgnore({ ...path, remoteUfrag: "AAAAAAAA" }, path);
		},
	},
	{
		id: "W3b",
		title: "An answer can be parsed by anyone: CRLF lines, a version, an origin and a time first",
		section: "RFC 8866 section 5",
		async run(context) {
			const session = await context.open("whip");
			const lines = session.created.body.split("\r\n");
			assert.equal(lines.pop(), "", `the last line does not end: ${shown(session.created)}`);
			assert.ok(
				lines.every((line) => /^[a-z]=[^\r\n]*$/.test(line)),
				"there is a line that is not type=value",
			);
			assert.match(lines[0] ?? "", /^v=0$/);
			assert.match(lines[1] ?? "", /^o=\S+ \d+ \d+ IN IP[46] \S+$/);
			assert.ok(lines.indexOf("t=0 0") > 1);
		},
	},
];
