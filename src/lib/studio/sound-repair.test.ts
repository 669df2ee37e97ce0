import { expect, test } from "vitest";
import { withSoundRepair } from "./sound-repair.ts";

const offer = (...lines: string[]) => `v=0\r\n${lines.map((line) => `${line}\r\n`).join("")}`;

test("lost Opus packets are asked for again, on every m= line, and nothing else is", () => {
	const red = "a=rtpmap:63 red/48000/2";
	const opus = "a=rtpmap:111 opus/48000/2";
	expect(withSoundRepair(offer("m=audio 9 A 111 63", opus, red, "m=audio 9 A 111", opus))).toBe(
		offer("m=audio 9 A 111 63", opus, "a=rtcp-fb:111 nack", red, "m=audio 9 A 111", opus, "a=rtcp-fb:111 nack"),
	);
});

test("an offer that asks for them already stays as it is", () => {
	const asks = offer("a=rtpmap:109 opus/48000/2", "a=rtcp-fb:109 nack");
	expect(withSoundRepair(asks)).toBe(asks);
});
