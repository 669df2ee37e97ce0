import { expect, test } from "vitest";
import { restartedAnswer, restartFragment } from "./ice-restart.ts";

const sdp = (ufrag: string, pwd: string) =>
	["v=0", "a=group:BUNDLE 0 1", ...["audio", "video"].flatMap((kind, mid) => lines(kind, mid, ufrag, pwd)), ""].join(
		"\r\n",
	);
const lines = (kind: string, mid: number, ufrag: string, pwd: string) => [
	`m=${kind} 51234 UDP/TLS/RTP/SAVPF 96`,
	`a=ice-ufrag:${ufrag}`,
	`a=ice-pwd:${pwd}`,
	`a=mid:${mid}`,
	"a=rtcp-mux",
];

test("a fragment names the credentials and the m-line they are for", () => {
	expect(restartFragment(sdp("new", "newer"))).toBe(
		"a=group:BUNDLE 0 1\r\na=ice-ufrag:new\r\na=ice-pwd:newer\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n",
	);
});

test("the new answer is the old one with the server's new credentials in every m-line", () => {
	const fragment = "a=ice-lite\r\na=ice-ufrag:A+/b\r\na=ice-pwd:C+/d\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n";
	expect(restartedAnswer(sdp("old", "older"), fragment)).toBe(sdp("A+/b", "C+/d"));
	expect(() => restartedAnswer(sdp("old", "older"), "a=ice-ufrag:alone\r\n")).toThrow("no ice-pwd");
});
