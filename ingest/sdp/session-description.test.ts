import { expect, test } from "vitest";
import { publishOffer } from "../test-support/offers.ts";
import { parseOffer } from "./session-description.ts";

test("an offer is read", () => {
	const offer = parseOffer(publishOffer);
	expect(offer.transport).toEqual({
		setup: "actpass",
		fingerprint: { algorithm: "sha-256", value: Buffer.alloc(32, 15) },
	});
	expect(offer.bundle).toEqual(["0", "1"]);
	expect(offer.media).toMatchObject([
		{ kind: "audio", mid: "0", port: 9, direction: "sendonly", rtcpMux: true, streamId: "stream" },
		{ kind: "video", mid: "1", bundleOnly: false, protocol: "UDP/TLS/RTP/SAVPF" },
	]);
	expect(offer.media[0]?.codecs[0]).toEqual({
		payloadType: 111,
		name: "opus",
		clockRate: 48_000,
		channels: "2",
		parameters: "minptime=10;useinbandfec=1",
		feedback: ["transport-cc"],
	});
	expect(offer.media[0]?.extensions[0]).toMatchObject({ id: 1, uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level" });
	expect(offer.media[1]?.codecs.map(({ name }) => name)).toEqual(["VP8", "rtx", "H264", "H264", "H264"]);
});

test("line feeds alone, attributes of the session, and feedback for every payload type are read as well", () => {
	const sdp = publishOffer
		.replaceAll("\r\n", "\n")
		.replaceAll(/a=(ice-ufrag|ice-pwd|fingerprint|setup|sendonly).*\n/g, "")
		.replace(
			"t=0 0\n",
			`t=0 0\na=ice-ufrag:four\na=ice-pwd:twenty-two-characters.\na=fingerprint:SHA-256 ${"AA:".repeat(31)}AA\na=setup:passive\na=sendonly\n`,
		)
		.replaceAll("a=rtcp-fb:96", "a=rtcp-fb:*");
	const offer = parseOffer(sdp);
	expect(offer.transport).toEqual({
		setup: "passive",
		fingerprint: { algorithm: "sha-256", value: Buffer.alloc(32, 0xaa) },
	});
	expect(offer.media.map(({ direction }) => direction)).toEqual(["sendonly", "sendonly"]);
	expect(offer.media[1]?.codecs[2]?.feedback).toContain("nack pli");
});

test("of several fingerprints the one by SHA-256 is taken, and ICE is what the session begins with", () => {
	const weak = `a=fingerprint:sha-1 ${Array(20).fill("01").join(":")}\r\na=fingerprint:sha-256`;
	const offer = parseOffer(publishOffer.replaceAll("a=fingerprint:sha-256", weak));
	expect(offer.transport.fingerprint).toEqual({ algorithm: "sha-256", value: Buffer.alloc(32, 15) });
	expect(offer.ice).toEqual({ ufrag: "EsAw", password: "P2uYro0UCOQ4zxjKXaWCBui1" });
});

test.each([
	["nothing", ""],
	["prose", "hello"],
	["JSON", '{"type":"offer"}'],
	["no media", publishOffer.slice(0, publishOffer.indexOf("m="))],
	["no ICE", publishOffer.replaceAll(/a=ice-pwd.*\r\n/g, "")],
	["no fingerprint", publishOffer.replaceAll(/a=fingerprint.*\r\n/g, "")],
	["a broken fingerprint", publishOffer.replaceAll("0F:0F", "0F0F")],
	["a setup no offer has", publishOffer.replaceAll("actpass", "holdconn")],
	["a broken m= line", publishOffer.replace("m=audio 9 ", "m=audio ")],
	["a line that is none", publishOffer.replace("a=rtcp-mux", "rtcp-mux")],
	["a control character", publishOffer.replace("a=mid:0", "a=mid:\u00000")],
	["hundreds of m= lines", publishOffer + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n".repeat(64)],
])("%s is no offer", (_what, sdp) => {
	expect(() => parseOffer(sdp)).toThrow(expect.objectContaining({ code: "invalid-sdp" }));
});
