import { SEGMENT_SECONDS } from "./part-cutter.ts";
import type { Segment } from "./segment-window.ts";

export const TARGET_DURATION = SEGMENT_SECONDS;
const HOLD_BACK_SECONDS = 3 * TARGET_DURATION;
/** Parts of segments that end further from the playlist's end than this are not listed any more. */
const PARTS_LISTED_US = 3 * TARGET_DURATION * 1e6;

export interface MediaPlaylist {
	/** Index of the rendition in each segment's media. */
	rendition: number;
	partTargetUs: number;
	/** The longest part target of all renditions: what clients are told to hold back is the same for all. */
	maxPartTargetUs: number;
	discontinuitySequence: number;
	/** Milliseconds since the Unix epoch at media time 0. */
	originMs: number;
	/** Whole ones. */
	segments: Segment[];
	/** The one being made, with at least one part. */
	open: Segment | undefined;
	initName: (runNumber: number) => string;
	/** Name of the part to come; null at the end of the programme. */
	hint: string | null;
	/** Names of the other renditions. */
	others: string[];
	/** Media sequence number and index of the newest part. */
	newest: { msn: number; part: number };
}

/** Text of a media playlist (rfc8216bis). */
export function mediaPlaylist(playlist: MediaPlaylist): string {
	const { segments, open, hint, newest, others } = playlist;
	const partHoldBack = Math.ceil((3 * playlist.maxPartTargetUs) / 1000) / 1000;
	const first = segments[0] ?? open;
	const lines = [
		"#EXTM3U",
		"#EXT-X-VERSION:6",
		`#EXT-X-TARGETDURATION:${TARGET_DURATION}`,
		`#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${partHoldBack.toFixed(3)},HOLD-BACK=${HOLD_BACK_SECONDS.toFixed(1)}`,
		`#EXT-X-PART-INF:PART-TARGET=${seconds(playlist.partTargetUs)}`,
		`#EXT-X-MEDIA-SEQUENCE:${first?.msn ?? 1}`,
		`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
		...segmentLines(playlist),
	];
	if (hint !== null) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hint}"`);
	for (const name of others) {
		lines.push(`#EXT-X-RENDITION-REPORT:URI="../${name}/index.m3u8",LAST-MSN=${newest.msn},LAST-PART=${newest.part}`);
	}
	if (hint === null) lines.push("#EXT-X-ENDLIST");
	return `${lines.join("\n")}\n`;
}

function segmentLines({ rendition, segments, open, originMs, initName }: MediaPlaylist): string[] {
	const lines: string[] = [];
	const all = open ? [...segments, open] : segments;
	// Durations, not times: what is missing between two runs is no part of the playlist.
	let afterUs = all.reduce((sum, { media }) => sum + (media[rendition]?.durationUs ?? 0), 0);
	let runNumber: number | undefined;
	for (const segment of all) {
		const media = segment.media[rendition];
		if (!media) continue;
		afterUs -= media.durationUs;
		if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
		if (segment.runNumber !== runNumber) lines.push(`#EXT-X-MAP:URI="${initName(segment.runNumber)}"`);
		runNumber = segment.runNumber;
		const capturedAt = new Date(Math.round(originMs + media.startUs / 1000));
		lines.push(`#EXT-X-PROGRAM-DATE-TIME:${capturedAt.toISOString()}`);
		if (afterUs <= PARTS_LISTED_US) {
			for (const { name, durationUs, independent } of media.parts) {
				const attributes = `DURATION=${seconds(durationUs)},URI="${name}"${independent ? ",INDEPENDENT=YES" : ""}`;
				lines.push(`#EXT-X-PART:${attributes}`);
			}
		}
		if (segment !== open) lines.push(`#EXTINF:${seconds(media.durationUs)},`, media.name);
	}
	return lines;
}

/** All six decimals: what is rounded away would add up over a long programme. */
function seconds(us: number): string {
	return (us / 1e6).toFixed(6);
}
