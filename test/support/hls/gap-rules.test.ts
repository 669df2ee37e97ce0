import { expect, it } from "vitest";
import { Findings } from "./finding.ts";
import { parseMediaPlaylist } from "./parse-playlist.ts";
import { checkPlaylist } from "./playlist-rules.ts";
import { PublishedStream } from "./published-stream.ts";
import { checkRenditions, checkUpdate } from "./update-rules.ts";

const stream = new PublishedStream();

const range = (attributes: string) => `#EXT-X-DATERANGE:${attributes}\n`;
const SLIDE = range('ID="slide-1",START-DATE="2026-01-01T00:00:01.000Z",DURATION=3,X-SLIDE="1"');

/** A correct stream with a segment, and a part, that are lost, and with a date range. */
function withGaps(text: string): string {
	return text
		.replace(/(#EXTINF:[^\n]*\n)(segment-e-2)/, "#EXT-X-GAP\n$1$2")
		.replace(/(URI="part-e-31.m4s")/, "$1,GAP=YES")
		.replace("#EXT-X-MAP", `${SLIDE}#EXT-X-MAP`);
}

const [before, after, other, audio] = [
	stream.playlist("720p", -2),
	stream.playlist("720p", -1),
	stream.playlist("360p", -1),
	stream.playlist("audio", -1),
].map(withGaps) as [string, string, string, string];

function judge(changed: string, was = before): number[] {
	const findings = new Findings();
	const [old, now, low, sound] = [was, changed, other, audio].map(parseMediaPlaylist);
	if (!old || !now || !low || !sound) throw new Error("nothing to judge");
	checkPlaylist("720p", now, findings);
	checkUpdate("720p", old, now, findings);
	checkRenditions(new Map(Object.entries({ "720p": now, "360p": low, audio: sound })), findings);
	return findings.list.map(({ rule }) => rule);
}

it("finds nothing wrong with gaps and date ranges that are said as they should be", () => {
	expect(after).not.toBe(stream.playlist("720p", -1));
	expect(judge(after)).toEqual([]);
});

const segment2 = /#EXT-X-PROGRAM-DATE-TIME[^\n]*\n#EXT-X-GAP\n#EXTINF[^\n]*\nsegment-e-2\.m4s\n/;

it.each<[number, string, string | RegExp, string]>([
	[40, "a segment that is a gap, but not its parts", /(#EXTINF:[^\n]*\nsegment-e-6)/, "#EXT-X-GAP\n$1"],
	[40, "parts that are gaps, but not their segment", /(URI="part-e-(17|18|19|20|21|22).m4s"[^\n]*)/g, "$1,GAP=YES"],
	[40, "a segment that ceased to be a gap", /#EXT-X-GAP\n(#EXTINF:[^\n]*\nsegment-e-2)/, "$1"],
	[40, "a segment that is left out and not marked", segment2, ""],
	[41, "a date range without an ID", 'ID="slide-1",', ""],
	[41, "a date range without a date", /START-DATE="[^"]*",/, ""],
	[41, "a date range that ends before it starts", "DURATION=3", 'END-DATE="2025-01-01T00:00:00Z"'],
	[41, "a negative duration", "DURATION=3", "DURATION=-3"],
	[41, "another value than before", 'X-SLIDE="1"', 'X-SLIDE="2"'],
	[41, "two values at once", SLIDE, `${SLIDE}${range('ID="slide-1",X-SLIDE="2"')}`],
	[41, "a date range in one rendition alone", SLIDE, ""],
])("rule %i: %s", (rule, _what, pattern, replacement) => {
	const changed = after.replace(pattern, replacement);
	expect(changed, "the defect is none").not.toBe(after);
	expect(judge(changed)).toContain(rule);
});
