import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "../../core/runtime/errors.ts";
import * as offers from "../test-support/client-offers.ts";
import { negotiateSubscribe } from "../whep/subscribe.ts";
import { negotiatePublish } from "../whip/publish.ts";
import { composeAnswer } from "./answer.ts";
import { composeFragment, parseFragment } from "./ice-fragment.ts";
import { parseOffer } from "./session-description.ts";

/** The largest body a route takes, read by a busy machine; quadratic time would be minutes. */
const DEADLINE_MS = 15_000;
const MAX_OFFER_BYTES = 256 * 1024;
const local = {
	ufrag: "u",
	password: "p",
	fingerprint: "sha-256 AA",
	setup: "passive" as const,
	hosts: [{ address: "192.0.2.2", port: 1, protocol: "udp" as const }],
};

function readAll(text: string): void {
	const offer = parseOffer(text);
	for (const negotiate of [negotiatePublish, negotiateSubscribe]) {
		onlyAppErrors(() => {
			const { media, answered } = negotiate(offer);
			structuredClone(media);
			const answer = composeAnswer(local, answered, 1);
			// What an attacker put in must not add lines of their own.
			expect(answer.split("\r\n").every((line) => line === "" || /^[a-z]=\P{Cc}*$/u.test(line))).toBe(true);
			expect(answer.split("\r\n").filter((line) => line.startsWith("m="))).toHaveLength(offer.media.length);
		});
	}
}

function onlyAppErrors(run: () => void): void {
	try {
		run();
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
	}
}

const valid = Object.values(offers);
const attribute = fc
	.tuple(
		fc.constantFrom(
			...["rtpmap", "fmtp", "rtcp-fb", "extmap", "rid", "simulcast", "ssrc", "ssrc-group", "mid", "msid", "setup"],
			...["ice-ufrag", "ice-pwd", "fingerprint", "candidate", "group", "rtcp-mux", "bundle-only"],
		),
		fc.string({ unit: fc.constantFrom(..."0123 :;,/=~*abcFID*send\u0000é-"), maxLength: 60 }),
	)
	.map(([name, value]) => `a=${name}:${value}`);
const line = fc.oneof(
	attribute,
	fc.constantFrom("v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=audio 0 UDP/TLS/RTP/SAVPF 0 0", "a=sendonly"),
	fc.constantFrom(...new Set(valid.flatMap((sdp) => sdp.split("\r\n")))),
);
/** A real offer with lines cut out and others put in. */
const mutated = fc
	.tuple(
		fc.constantFrom(...valid),
		fc.array(fc.tuple(fc.nat(80), fc.nat(3), fc.array(line, { maxLength: 3 })), { maxLength: 6 }),
	)
	.map(([sdp, edits]) => {
		const lines = sdp.split("\r\n");
		for (const [at, remove, insert] of edits) lines.splice(at % lines.length, remove, ...insert);
		return lines.join("\r\n");
	});

test("no offer does more than be refused", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.array(line).map((lines) => lines.join("\r\n")),
				mutated,
			),
			(text) => onlyAppErrors(() => readAll(text)),
		),
		{ numRuns: 1500 },
	);
});

test("no fragment does more than be refused", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.array(line).map((lines) => lines.join("\n")),
				mutated,
			),
			(text) =>
				onlyAppErrors(() => {
					const { frame } = parseFragment(text);
					expect(composeFragment(local, frame)).toMatch(/^(a=|m=)/);
				}),
		),
		{ numRuns: 1500 },
	);
});

const head = offers.obs30;
test.each([
	["one long line", `${head}a=fmtp:96 ${";x".repeat(MAX_OFFER_BYTES / 2)}\r\n`],
	["nothing but line ends", "\n".repeat(MAX_OFFER_BYTES)],
	["returns without line feeds", `v=0\n${"\r".repeat(MAX_OFFER_BYTES)}`],
	["attributes without end", head + "a=rid:a send\r\n".repeat(15_000)],
	["SSRCs without end", head + Array.from({ length: 8_000 }, (_, i) => `a=ssrc:${i + 1} cname:${i}\r\n`).join("")],
	["groups without end", `${head}${"a=ssrc-group:FID 1 2\r\n".repeat(10_000)}${"a=ssrc:1 c:x\r\n".repeat(5_000)}`],
	["one group of many", `${head}a=ssrc-group:FID ${Array.from({ length: 30_000 }, (_, i) => i).join(" ")}\r\n`],
	["layers without end", `${head}a=simulcast:send ${Array.from({ length: 30_000 }, (_, i) => `r${i}`).join(";")}\r\n`],
	[
		"declared layers without end",
		`${head}${Array.from({ length: 6_000 }, (_, i) => `a=rid:r${i} send\r\n`).join("")}a=simulcast:send ${Array.from({ length: 6_000 }, (_, i) => `r${i}`).join(";")}\r\n`,
	],
	["m= lines with many formats", `${head}${`m=video 9 UDP/TLS/RTP/SAVPF ${"96 ".repeat(500)}97\r\n`.repeat(60)}`],
	["feedback for every payload type", head + "a=rtcp-fb:* nack\r\n".repeat(12_000)],
	[
		"feedback for each of many codecs",
		`${head}m=video 9 UDP/TLS/RTP/SAVPF ${[...Array(128).keys()].join(" ")}\r\n${[...Array(128).keys()].map((type) => `a=rtpmap:${type} x/1\r\n`).join("")}${"a=rtcp-fb:9 nack\r\n".repeat(12_000)}`,
	],
	["header extensions without end", head + "a=extmap:1 x\r\n".repeat(15_000)],
	["a mid with many blanks", `${head}a=simulcast:${" ".repeat(200_000)}send\r\n`],
	["a candidate with many blanks", `a=candidate:1 1 udp 1 a 1 typ host${" a".repeat(100_000)}  \r\n`],
	[
		"a fingerprint without end",
		head.replace(/a=fingerprint:.*\r\n/, `a=fingerprint:sha-256 ${"AA:".repeat(80_000)}\r\n`),
	],
])("%s is read in bounded time", (_what, text) => {
	const start = performance.now();
	onlyAppErrors(() => readAll(text));
	onlyAppErrors(() => void parseFragment(text));
	expect(performance.now() - start).toBeLessThan(DEADLINE_MS);
});
