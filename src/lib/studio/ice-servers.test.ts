import { expect, test } from "vitest";
import { iceServersOf } from "./ice-servers.ts";

test("TURN servers are read from the Link headers, which a browser joins by commas", () => {
	const link = [
		'<turn:turn.example.org?transport=udp>; rel="ice-server"; username="1795264806:p-a"; credential="k+/=,x"; credential-type="password"',
		'<https://example.org/events>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; events="active,inactive"',
		'<stun:stun.example.org>; rel="ice-server"',
	].join(", ");
	expect(iceServersOf(link)).toEqual([
		{ urls: "turn:turn.example.org?transport=udp", username: "1795264806:p-a", credential: "k+/=,x" },
		{ urls: "stun:stun.example.org" },
	]);
});

test.each([null, "", "nonsense", "<unfinished", '<turn:x>; rel="next"'])("%j names none", (link) => {
	expect(iceServersOf(link)).toEqual([]);
});
