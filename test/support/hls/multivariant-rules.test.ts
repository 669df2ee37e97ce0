import { expect, it } from "vitest";
import { Findings } from "./finding.ts";
import { checkMultivariant } from "./multivariant-rules.ts";
import { PublishedStream } from "./published-stream.ts";

const muxed = new PublishedStream().publications.at(-1)?.multivariant ?? "";

/** The same with the sound in a group of its own. */
const apart = muxed
	.replace(/(CODECS="avc1)/g, 'AUDIO="sound",$1')
	.replace(
		"#EXT-X-STREAM-INF",
		'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="english/index.m3u8"\n#EXT-X-STREAM-INF',
	);

function judge(text: string) {
	const findings = new Findings();
	const variants = checkMultivariant(text, findings);
	return { rules: findings.list.map(({ rule }) => rule), uris: variants.map(({ uri }) => uri) };
}

it("finds nothing wrong with a correct playlist, and every rendition of it", () => {
	expect(judge(muxed)).toEqual({ rules: [], uris: ["720p/index.m3u8", "360p/index.m3u8", "audio/index.m3u8"] });
	expect(judge(apart).rules).toEqual([]);
	expect(judge(apart).uris).toContain("english/index.m3u8");
});

it.each<[number, string, string, string | RegExp, string]>([
	[1, "something before the first tag", muxed, /^/, "\n"],
	[44, "no CODECS", muxed, /CODECS="[^"]*",/, ""],
	[44, "no RESOLUTION", muxed, /,RESOLUTION=\d+x\d+/, ""],
	[44, "no variants", muxed, /#EXT-X-STREAM-INF[^\n]*\n[^\n]*\n/g, ""],
	[45, "no EXT-X-INDEPENDENT-SEGMENTS", muxed, "#EXT-X-INDEPENDENT-SEGMENTS\n", ""],
	[46, "no variant of sound alone", muxed, /#EXT-X-STREAM-INF[^\n]*\naudio[^\n]*\n/, ""],
	[46, "a sound without a language", apart, 'LANGUAGE="en",', ""],
	[46, "a group that is not there", apart, 'GROUP-ID="sound"', 'GROUP-ID="noise"'],
	[46, "two defaults", apart, /(#EXT-X-MEDIA[^\n]*\n)/, "$1$1"],
])("rule %i: %s", (rule, _what, text, pattern, replacement) => {
	const changed = text.replace(pattern, replacement);
	expect(changed, "the defect is none").not.toBe(text);
	expect(judge(changed).rules).toContain(rule);
});
