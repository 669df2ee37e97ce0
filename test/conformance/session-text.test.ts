import { describe, expect, it } from "vitest";
import { restartedAnswer, restartFragment } from "./ice-restart.ts";
import { linksOf } from "./link-header.ts";
import { rawOffer, writeOffer } from "./raw-offer.ts";
import { directionOf, kindOf, parseCandidate, SessionText } from "./session-text.ts";

describe("session descriptions", () => {
	it("are taken apart at their m= lines", () => {
		const offer = new SessionText(writeOffer(rawOffer({ ufrag: "abcd" })));
		expect(offer.media.map(kindOf)).toEqual(["audio", "video"]);
		expect(offer.media.map(directionOf)).toEqual(["sendonly", "sendonly"]);
		expect(offer.bundle).toEqual(["0", "1"]);
		expect(offer.all("ice-ufrag")).toEqual(["abcd", "abcd"]);
		expect(offer.first("rtcp-mux")).toBe("");
		expect(offer.first("nothing")).toBeUndefined();
	});

	it("have candidates", () => {
		expect(parseCandidate("1 1 UDP 2130706431 192.0.2.1 8189 typ host generation 0")).toEqual({
			component: 1,
			transport: "udp",
			address: "192.0.2.1",
			port: 8189,
			type: "host",
		});
	});
});

describe("an ICE restart", () => {
	it("sends the first m= line's ICE alone", () => {
		const offer = writeOffer(rawOffer({ ufrag: "abcd", password: "p".repeat(22) }));
		expect(restartFragment(offer).split("\r\n")).toEqual([
			"a=ice-options:trickle ice2",
			"a=group:BUNDLE 0 1",
			"m=audio 9 UDP/TLS/RTP/SAVPF 111",
			"a=mid:0",
			"a=ice-ufrag:abcd",
			`a=ice-pwd:${"p".repeat(22)}`,
			"a=end-of-candidates",
			"",
		]);
	});

	it("puts the server's new ICE in the place of the old", () => {
		const answer = new SessionText(
			"v=0\r\nm=audio 1\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:old\r\nm=video 1\r\na=ice-ufrag:old\r\n",
		);
		const fragment = new SessionText(
			"m=audio 9\r\na=ice-ufrag:new\r\na=ice-pwd:word\r\na=candidate:1\r\na=candidate:2\r\n",
		);
		expect(restartedAnswer(answer, fragment).split("\r\n")).toEqual([
			...["v=0", "m=audio 1", "a=ice-ufrag:new", "a=ice-pwd:word", "a=candidate:1", "a=candidate:2"],
			...["m=video 1", "a=ice-ufrag:new", ""],
		]);
	});
});

describe("Link headers", () => {
	it("are read whether they come as one or as several", () => {
		const headers = new Headers({
			link: '<turn:a?transport=udp>; rel="ice-server"; username="1:p,q"; credential="s=/+"; credential-type="password"',
		});
		headers.append("link", '</events>; rel=urn:x; events="active,inactive"');
		const [turn, events] = linksOf(headers);
		expect(turn?.uri).toBe("turn:a?transport=udp");
		expect(turn?.rel).toEqual(["ice-server"]);
		expect(turn?.parameters.get("username")).toBe("1:p,q");
		expect(turn?.parameters.get("credential")).toBe("s=/+");
		expect(events?.rel).toEqual(["urn:x"]);
		expect(events?.parameters.get("events")).toBe("active,inactive");
	});
});
