import { listedSeconds, parseMediaPlaylist } from "./parse-playlist.ts";

/**
 * The delta update of a playlist with CAN-SKIP-UNTIL: all that may be skipped is, and `more` segments besides, which may not.
 */
export function skipSegments(whole: string, more = 0): string {
	const { segments, control } = parseMediaPlaylist(whole);
	const until = Number(control["CAN-SKIP-UNTIL"]);
	const kept = segments.findLastIndex((_, index) => listedSeconds(segments.slice(index)) >= until);
	const count = kept + more;
	const last = segments[count - 1]?.uri;
	if (kept < 1 || last === undefined) return whole;
	const start = whole.search(/#EXT-X-(MAP|PROGRAM-DATE-TIME|DISCONTINUITY\n|PART:)/);
	const end = whole.indexOf(`\n${last}\n`) + last.length + 2;
	const ranges = whole.slice(start, end).match(/#EXT-X-DATERANGE[^\n]*\n/g) ?? [];
	const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${count}\n`;
	return whole.slice(0, start).replace("VERSION:6", "VERSION:9") + skip + ranges.join("") + whole.slice(end);
}
