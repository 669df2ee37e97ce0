import { describe, expect, it } from "vitest";
import { applyDelta, checkDelta } from "./delta-rules.ts";
import { Findings } from "./finding.ts";
import { parseMediaPlaylist } from "./parse-playlist.ts";
import { checkPlaylist } from "./playlist-rules.ts";
import { PublishedStream } from "./published-stream.ts";
import { skipSegments } from "./skip-segments.ts";
import { checkUpdate } from "./update-rules.ts";

/** Two runs and 40 s: more than the 12 s which must not be skipped. */
const stream = new PublishedStream({ secondRunMs: 34_500 });
const RANGES = ["old", "new"].map((id, index) => {
	const second = index === 0 ? "01" : "38";
	return `#EXT-X-DATERANGE:ID="${id}",START-DATE="2026-01-01T00:00:${second}.000Z"\n`;
});

function withSkip(text: string): string {
	return text
		.replace("CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,CAN-SKIP-DATERANGES=YES")
		.replace("#EXT-X-MAP", `${RANGES.join("")}#EXT-X-MAP`);
}

const whole = withSkip(stream.playlist("720p", -1));
const v2 = skipSegments(whole)
	.replace(RANGES[0] ?? "", "")
	.replace(/(#EXT-X-SKIP:[^\n]*)/, '$1,RECENTLY-REMOVED-DATERANGES="older"')
	.replace("VERSION:9", "VERSION:10");

function rules(check: (findings: Findings) => void): number[] {
	const findings = new Findings();
	check(findings);
	return findings.list.map(({ rule }) => rule);
}

describe("a delta update", () => {
	it.each([
		["YES", skipSegments(whole)],
		["v2", skipSegments(whole)],
		["v2", v2],
	] as const)("is right for %s", (asked, delta) => {
		expect(delta).toContain("SKIPPED-SEGMENTS=");
		expect(rules((findings) => checkDelta("720p", whole, delta, asked, findings))).toEqual([]);
	});

	it.each<[number, string, "YES" | "v2", string, string | RegExp, string]>([
		[2, "the version of the whole", "YES", skipSegments(whole), "VERSION:9", "VERSION:6"],
		[32, "two skips", "YES", skipSegments(whole), /(#EXT-X-SKIP[^\n]*\n)/, "$1$1"],
		[32, "one skipped too many", "YES", skipSegments(whole, 1), "X", "X"],
		[32, "one that is counted and not skipped", "YES", skipSegments(whole), /S=(\d+)/, "S=1$1"],
		[32, "a sequence that counts what was skipped", "YES", skipSegments(whole), "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:9"],
		[32, "other discontinuities", "YES", skipSegments(whole), "DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"],
		[32, "another part", "YES", skipSegments(whole), /(URI="part)(-e-\d+.m4s"[^\n]*\n#EXT-X-PRELOAD)/, "$1x$2"],
		[33, "a date range that is left out unasked", "YES", skipSegments(whole), RANGES[0] ?? "", ""],
		[33, "removed date ranges unasked", "YES", v2, "X", "X"],
		[33, "a new date range left out", "v2", v2, RANGES[1] ?? "", ""],
		[33, "a removed date range that is listed", "v2", v2, '="older"', '="new"'],
	])("breaks rule %i: %s", (rule, _what, asked, delta, pattern, replacement) => {
		const spoilt = delta.replace(pattern, replacement);
		expect(rules((findings) => checkDelta("720p", whole, spoilt, asked, findings))).toContain(rule);
	});

	it("gives with what was known the same as the whole playlist", () => {
		const before = parseMediaPlaylist(withSkip(stream.playlist("720p", -3)));
		const findings = new Findings();
		const merged = applyDelta("720p", before, parseMediaPlaylist(skipSegments(whole)), findings);
		checkPlaylist("720p", merged, findings);
		checkUpdate("720p", before, merged, findings);
		expect(findings.list).toEqual([]);
		const listed = parseMediaPlaylist(whole);
		expect(merged.segments).toEqual(listed.segments);
		expect(merged.dateRanges).toEqual(listed.dateRanges);
	});

	it("breaks rule 32 when it skips what was never listed", () => {
		const before = parseMediaPlaylist(withSkip(stream.playlist("720p", -40)));
		const delta = parseMediaPlaylist(skipSegments(whole));
		expect(rules((findings) => void applyDelta("720p", before, delta, findings))).toContain(32);
	});
});
