import { describe, expect, it } from "vitest";
import { Findings } from "./finding.ts";
import { checkMedia, type FetchedSegment } from "./media-rules.ts";
import { parseMediaPlaylist } from "./parse-playlist.ts";
import { checkPlaylist } from "./playlist-rules.ts";
import { PublishedStream } from "./published-stream.ts";
import { checkRenditions, checkUpdate } from "./update-rules.ts";

const stream = new PublishedStream();
const { publications, media } = stream;

/** Everything the rules of playlists say of these texts. */
function judge(texts: { before: string; after: string; audio: string }): number[] {
	const findings = new Findings();
	const [before, after, audio] = [texts.before, texts.after, texts.audio].map(parseMediaPlaylist);
	if (!before || !after || !audio) throw new Error("nothing to judge");
	checkPlaylist("720p", after, findings);
	checkPlaylist("audio", audio, findings);
	checkUpdate("720p", before, after, findings);
	const other = parseMediaPlaylist(stream.playlist("360p", -1));
	checkRenditions(new Map(Object.entries({ "720p": after, "360p": other, audio })), findings);
	return findings.list.map(({ rule }) => rule);
}

const good = {
	before: stream.playlist("720p", -2),
	after: stream.playlist("720p", -1),
	audio: stream.playlist("audio", -1),
};

/** Two segments leave at once, and four are left. */
const beheaded = [/(MEDIA-SEQUENCE:)1(\n[\s\S]*?MAP[^\n]*\n)[\s\S]*?segment-e-2\.m4s\n/, "$13$2"] as const;

/** A change of the newest version alone, of every version (what never changes, but is wrong), or of the sound's. */
type Where = "after" | "video" | "audio" | "all";

const defects: [rule: number, what: string, where: Where, pattern: string | RegExp, replacement: string][] = [
	[1, "something before the first tag", "video", /^/, "\n"],
	[2, "a higher version than needed", "all", "VERSION:6", "VERSION:9"],
	[2, "no version", "all", "#EXT-X-VERSION:6\n", ""],
	[3, "a tag twice", "video", /(#EXT-X-TARGETDURATION:2\n)/, "$1$1"],
	[
		3,
		"the sequence after the first segment",
		"video",
		/(#EXT-X-DISCONTINUITY-SEQUENCE:0\n)([\s\S]*?segment-e-1.m4s\n)/,
		"$2$1",
	],
	[4, "a target duration with decimals", "all", "TARGETDURATION:2", "TARGETDURATION:2.5"],
	[4, "a segment that is too long", "all", /#EXTINF:2\.00\d+/, "#EXTINF:2.600000"],
	[4, "another target duration than before", "after", "TARGETDURATION:2", "TARGETDURATION:3"],
	[5, "another part target than before", "after", "PART-TARGET=0.333334", "PART-TARGET=0.333335"],
	[5, "another SERVER-CONTROL than before", "after", "PART-HOLD-BACK=1.025", "PART-HOLD-BACK=1.03"],
	[5, "another SERVER-CONTROL than the others", "audio", "PART-HOLD-BACK=1.025", "PART-HOLD-BACK=1.03"],
	[6, "a short HOLD-BACK", "all", "HOLD-BACK=6.0", "HOLD-BACK=5.9"],
	[6, "a PART-HOLD-BACK that is short for the sound's parts", "video", "PART-HOLD-BACK=1.025", "PART-HOLD-BACK=1.001"],
	[6, "no PART-HOLD-BACK", "all", ",PART-HOLD-BACK=1.025", ""],
	[6, "a short CAN-SKIP-UNTIL", "all", "CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=11"],
	[8, "a segment with another name than before", "after", "segment-e-2.m4s", "segment-f-2.m4s"],
	[
		8,
		"a segment less",
		"after",
		/#EXT-X-PROGRAM-DATE-TIME:[^\n]*\n(#EXT-X-PART:[^\n]*\n)*#EXTINF:[^\n]*\nsegment-e-2.m4s\n/,
		"",
	],
	[8, "a lower media sequence", "after", "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:0"],
	[8, "another date than before", "after", /(segment-e-1.m4s\n#EXT-X-PROGRAM-DATE-TIME:[^\n]*)\.000Z/, "$1.040Z"],
	[9, "a part over the target", "video", /DURATION=0.33333\d,URI="part-e-30/, 'DURATION=0.333335,URI="part-e-30'],
	[10, "a short part in the middle", "video", /DURATION=0.33333\d,URI="part-e-30/, 'DURATION=0.280000,URI="part-e-30'],
	[
		11,
		"a date after the first part",
		"video",
		/(#EXT-X-PROGRAM-DATE-TIME:[^\n]*\n)(#EXT-X-PART:[^\n]*part-e-29[^\n]*\n)/,
		"$2$1",
	],
	[
		12,
		"parts that are not as long as their segment",
		"video",
		"#EXTINF:2.000000,\nsegment-e-6",
		"#EXTINF:1.900000,\nsegment-e-6",
	],
	[14, "a first part that is not independent", "video", /(part-e-29.m4s"),INDEPENDENT=YES/, "$1"],
	[16, "parts near the end that are not listed", "video", /#EXT-X-PART:[^\n]*part-e-(29|30|31|32|33|34)[^\n]*\n/g, ""],
	[18, "a playlist that is left too short", "after", ...beheaded],
	[19, "no hint", "video", /#EXT-X-PRELOAD-HINT[^\n]*\n/, ""],
	[19, "two hints", "video", /(#EXT-X-PRELOAD-HINT[^\n]*\n)/, "$1$1"],
	[19, "a hint before the media", "video", /([\s\S]*)(#EXT-X-MAP[\s\S]*?)(#EXT-X-PRELOAD-HINT[^\n]*\n)/, "$1$3$2"],
	[
		20,
		"another part than the hinted one",
		"after",
		/part-e-(\d+)(\.m4s"(?:,INDEPENDENT=YES)?\n#EXT-X-PRELOAD-HINT)/,
		"part-x-$1$2",
	],
	[21, "a report less", "all", /#EXT-X-RENDITION-REPORT[^\n]*\n/, ""],
	[21, "a report without its part", "all", /(LAST-MSN=\d+),LAST-PART=\d+/, "$1"],
	[21, "a report with an absolute address", "all", 'URI="../360p', 'URI="/live/x/360p'],
	[
		22,
		"a rendition that ends elsewhere",
		"audio",
		/(#EXT-X-PROGRAM-DATE-TIME:[^\n]*):(\d\d)\.(\d{3}Z\n(?:#EXT-X-PART[^\n]*\n)*#EXT-X-PRELOAD)/,
		"$1:59.$3",
	],
	[23, "no CAN-BLOCK-RELOAD", "all", "CAN-BLOCK-RELOAD=YES,", ""],
	[30, "a hint after the end", "video", /$/, "#EXT-X-ENDLIST\n"],
	[34, "several segments removed at once", "after", ...beheaded],
	[35, "no initialization section", "video", /#EXT-X-MAP[^\n]*\n/g, ""],
	[38, "no date at the first segment", "video", /#EXT-X-PROGRAM-DATE-TIME[^\n]*\n/, ""],
	[
		38,
		"no date after a discontinuity",
		"video",
		/(#EXT-X-DISCONTINUITY\n[^\n]*\n)#EXT-X-PROGRAM-DATE-TIME[^\n]*\n/,
		"$1",
	],
	[38, "a rendition with other dates", "audio", /(#EXT-X-PROGRAM-DATE-TIME:[^\n]*:)00\.000Z/, "$100.100Z"],
	[39, "no discontinuity sequence", "video", /#EXT-X-DISCONTINUITY-SEQUENCE[^\n]*\n/, ""],
	[
		39,
		"a discontinuity sequence that nothing explains",
		"after",
		"DISCONTINUITY-SEQUENCE:0",
		"DISCONTINUITY-SEQUENCE:1",
	],
	[39, "a discontinuity in one rendition alone", "audio", "#EXT-X-DISCONTINUITY\n", ""],
	[43, "an end without the last segment", "video", /$/, "#EXT-X-ENDLIST\n"],
	[42, "EXT-X-START", "video", "#EXT-X-TARGET", "#EXT-X-START:TIME-OFFSET=0\n#EXT-X-TARGET"],
];

describe("rules of playlists", () => {
	it("find nothing wrong with a correct stream", () => {
		expect(judge(good)).toEqual([]);
		expect(publications.length).toBeGreaterThan(30);
	});

	it.each(defects)("rule %i: %s", (rule, _what, where, pattern, replacement) => {
		const change = (text: string, here: boolean) => (here ? text.replace(pattern, replacement) : text);
		const texts = {
			before: change(good.before, where === "video" || where === "all"),
			after: change(good.after, where !== "audio"),
			audio: change(good.audio, where === "audio" || where === "all"),
		};
		expect(texts, "the defect is none").not.toEqual(good);
		expect(judge(texts)).toContain(rule);
	});
});

describe("rules of media", () => {
	function fetched(): FetchedSegment[] {
		const listed = parseMediaPlaylist(stream.playlist("720p", -1)).segments.filter(
			({ uri, parts }) => uri !== undefined && parts.length > 0,
		);
		return listed.map((segment) => ({
			segment,
			init: Buffer.from(media.get(`720p/${segment.map}`) ?? []),
			bytes: Buffer.from(media.get(`720p/${segment.uri}`) ?? []),
			parts: segment.parts.map(({ uri }) => Buffer.from(media.get(`720p/${uri}`) ?? [])),
		}));
	}

	function rules(segments: FetchedSegment[]): number[] {
		const findings = new Findings();
		checkMedia("720p", segments, findings);
		return findings.list.map(({ rule }) => rule);
	}

	/** Writes a number behind a box's type, `offset` bytes on. */
	function patch(bytes: Buffer, type: string, offset: number, value: number): void {
		bytes.writeUInt32BE(value, bytes.indexOf(type) + 4 + offset);
	}

	it("find nothing wrong with a correct stream", () => {
		expect(fetched().length).toBeGreaterThan(2);
		expect(rules(fetched())).toEqual([]);
	});

	const wrongs: [number, string, (segment: FetchedSegment) => void][] = [
		[12, "a byte of a part", ({ parts }) => parts[2]?.writeUInt8(99, parts[2].length - 1)],
		[13, "INDEPENDENT without an IDR", ({ segment }) => Object.assign(segment.parts[1] ?? {}, { independent: true })],
		[13, "an IDR without INDEPENDENT", ({ segment }) => Object.assign(segment.parts[0] ?? {}, { independent: false })],
		[14, "no IDR first", ({ bytes }) => patch(bytes, "trun", 4 + 4 + 4 + 8, 0x01010000)],
		[35, "no tfdt", ({ bytes }) => bytes.write("free", bytes.indexOf("tfdt"))],
		[35, "no moof-relative offsets", ({ bytes }) => patch(bytes, "tfhd", 0, 0)],
		[35, "an old brand", ({ init }) => init.fill("isom", 8, 24)],
		[35, "no mvex", ({ init }) => init.write("free", init.indexOf("mvex"))],
		[36, "a decode time that jumps", ({ bytes }) => patch(bytes, "tfdt", 8, 1)],
		[37, "an EXTINF that is off", ({ segment }) => Object.assign(segment, { duration: segment.duration + 0.04 })],
		[38, "a date that is off", ({ segment }) => Object.assign(segment, { dateMs: (segment.dateMs ?? 0) + 3 })],
	];

	it.each(wrongs)("rule %i: %s", (rule, _what, spoil) => {
		const segments = fetched();
		const second = segments[1];
		if (!second) throw new Error("too few segments");
		spoil(second);
		expect(rules(segments)).toContain(rule);
	});
});
