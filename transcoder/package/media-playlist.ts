import { mediaNames } from "../timeline.ts";
import { ListedLines } from "./listed-lines.ts";
import { SEGMENT_SECONDS } from "./part-cutter.ts";
import type { Segment, SegmentMedia } from "./segment-window.ts";

export const TARGET_DURATION = SEGMENT_SECONDS;
const HOLD_BACK_SECONDS = 3 * TARGET_DURATION;
/** Parts of segments that end further from the playlist's end than this are not listed any more. */
const PARTS_LISTED_US = 3 * TARGET_DURATION * 1e6;
/** Clients that know everything up to here may skip what is older. */
const SKIP_BOUNDARY_SECONDS = 6 * TARGET_DURATION;
/** Up to here a playlist is short enough for everybody to take the whole of it. */
const SHORT_WINDOW_SECONDS = 120;
/**
 * No skipping while a discontinuity ends less than this before the end, or a segment was lost this short a time ago: hls.js
 * counts discontinuities wrongly across what it skipped, and a client that skips would not learn of the loss.
 */
const WHOLE_AFTER_CHANGE_US = 2 * SKIP_BOUNDARY_SECONDS * 1e6;
/** Of a list whose head stays, every this manieth segment has a date: it is long, and players compute the others. */
const DATED_EVERY = 5;

export interface MediaPlaylistOptions {
	/** Index of the rendition in each segment's media. */
	rendition: number;
	partTargetUs: number;
	/** The longest part target of all renditions: what clients are told to hold back is the same for all. */
	maxPartTargetUs: number;
	/** Milliseconds since the Unix epoch at media time 0. */
	originMs: number;
	/** Seconds listed; null: all. */
	windowSeconds: number | null;
	/** Names of the other renditions. */
	others: string[];
}

export interface Listing {
	discontinuitySequence: number;
	/** Whole ones. */
	segments: Segment[];
	/** The one being made, with at least one part. */
	open: Segment | undefined;
	/** Name of the part to come; null at the end of the programme. */
	hint: string | null;
	/** Media sequence number and index of the newest part. */
	newest: { msn: number; part: number };
}

export interface PlaylistTexts {
	playlist: string;
	/** The same for clients that know what is old; null when they need the whole. */
	delta: string | null;
}

/**
 * Makes the texts of one media playlist (rfc8216bis), version after version. What was listed with its parts gone never
 * changes, so it is kept as text: a version costs the same for a minute and for a day.
 */
export class MediaPlaylist {
	readonly #options: MediaPlaylistOptions;
	readonly #serverControl: string;
	/** Of each listed segment without parts. */
	readonly #lines = new ListedLines();
	/** Media sequence number of the newest segment when one was lost. */
	#lossKnownAt = Number.NEGATIVE_INFINITY;

	constructor(options: MediaPlaylistOptions) {
		this.#options = options;
		const { maxPartTargetUs, windowSeconds } = options;
		const control = [
			"CAN-BLOCK-RELOAD=YES",
			`PART-HOLD-BACK=${(Math.ceil((3 * maxPartTargetUs) / 1000) / 1000).toFixed(3)}`,
			`HOLD-BACK=${HOLD_BACK_SECONDS.toFixed(1)}`,
		];
		if (windowSeconds === null || windowSeconds > SHORT_WINDOW_SECONDS)
			control.push(`CAN-SKIP-UNTIL=${SKIP_BOUNDARY_SECONDS.toFixed(1)}`);
		this.#serverControl = control.join(",");
	}

	texts(listing: Listing): PlaylistTexts {
		const { segments } = listing;
		const recent = segments.slice(this.#update(listing));
		const recentLines = recent.map((segment) => this.#segmentLines(segment, true)).join("");
		const end = recentLines + this.#openLines(listing.open) + this.#tail(listing);
		const [head] = segments.length > 0 ? segments : [listing.open];
		// Not joined: most versions of a long list are never asked for.
		const playlist = this.#head(6, listing) + (head ? this.#inheritedMap(head) : "") + this.#lines.text() + end;
		const skipped = this.#skippable(listing);
		if (skipped === 0) return { playlist, delta: null };
		const first = segments[skipped] as Segment; // those with parts are never skipped
		const kept = this.#inheritedMap(first) + this.#lines.textAfter(skipped);
		const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}\n`;
		return { playlist, delta: this.#head(9, listing) + skip + kept + end };
	}

	/** Takes in what is listed without parts now; returns how many that are. */
	#update({ segments, open }: Listing): number {
		const { rendition } = this.#options;
		if (segments[0]) this.#lines.moveHead(segments[0].msn);
		// Durations, not times: what is missing between two runs is no part of the playlist.
		let afterUs = open?.media[rendition]?.durationUs ?? 0;
		let count = segments.length;
		while (count > this.#lines.count && afterUs <= PARTS_LISTED_US) {
			count--;
			afterUs += segments[count]?.media[rendition]?.durationUs ?? 0;
		}
		for (const segment of segments.slice(this.#lines.count, count)) {
			this.#lines.push(this.#segmentLines(segment, false));
		}
		return this.#lines.count;
	}

	/** The segment cannot be had any more. */
	lose(msn: number): void {
		const isListed = this.#lines.change(msn, (lines) => lines.replace("#EXTINF", "#EXT-X-GAP\n#EXTINF"));
		if (isListed) this.#lossKnownAt = this.#lines.lastMsn;
	}

	/** How many segments a client that knows them can skip. */
	#skippable({ segments, open, hint }: Listing): number {
		if (!this.#serverControl.includes("CAN-SKIP-UNTIL") || hint === null || open?.discontinuity) return 0;
		let afterUs = open?.durationUs ?? 0;
		let skipped = 0;
		for (let index = segments.length - 1; index >= 0 && afterUs <= WHOLE_AFTER_CHANGE_US; index--) {
			const segment = segments[index] as Segment;
			if (segment.discontinuity || segment.msn <= this.#lossKnownAt) return 0;
			if (skipped === 0 && afterUs > SKIP_BOUNDARY_SECONDS * 1e6) skipped = index + 1;
			afterUs += segment.durationUs;
		}
		return Math.min(skipped, this.#lines.count);
	}

	#head(version: number, { discontinuitySequence, segments, open }: Listing): string {
		const first = segments[0] ?? open;
		return `#EXTM3U
#EXT-X-VERSION:${version}
#EXT-X-TARGETDURATION:${TARGET_DURATION}
#EXT-X-SERVER-CONTROL:${this.#serverControl}
#EXT-X-PART-INF:PART-TARGET=${seconds(this.#options.partTargetUs)}
#EXT-X-MEDIA-SEQUENCE:${first?.msn ?? 1}
#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}
`;
	}

	/** What a segment that does not start its run has from one that is not listed before it. */
	#inheritedMap(segment: Segment): string {
		return segment.startsRun ? "" : mapLine(segment);
	}

	#segmentLines(segment: Segment, withParts: boolean): string {
		const { rendition } = this.#options;
		const media = segment.media[rendition];
		if (!media) return "";
		const before = this.#linesBefore(segment, media);
		const parts = withParts ? partLines(media) : "";
		const gap = segment.lost ? "#EXT-X-GAP\n" : "";
		const name = mediaNames(segment.run.epoch).segment(segment.msn);
		return `${before}${parts}${gap}#EXTINF:${seconds(media.durationUs)},\n${name}\n`;
	}

	#openLines(open: Segment | undefined): string {
		const media = open?.media[this.#options.rendition];
		return open && media ? this.#linesBefore(open, media) + partLines(media) : "";
	}

	#linesBefore(segment: Segment, { startUs }: SegmentMedia): string {
		const { originMs, windowSeconds } = this.#options;
		const map = segment.startsRun ? mapLine(segment) : "";
		const isDated = windowSeconds !== null || segment.startsRun || segment.msn % DATED_EVERY === 0;
		const date = isDated
			? `#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(originMs + startUs / 1000)).toISOString()}\n`
			: "";
		return `${segment.discontinuity ? "#EXT-X-DISCONTINUITY\n" : ""}${map}${date}`;
	}

	#tail({ hint, newest }: Listing): string {
		const lines = hint === null ? [] : [`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hint}"\n`];
		for (const name of this.#options.others) {
			const position = `LAST-MSN=${newest.msn},LAST-PART=${newest.part}`;
			lines.push(`#EXT-X-RENDITION-REPORT:URI="../${name}/index.m3u8",${position}\n`);
		}
		if (hint === null) lines.push("#EXT-X-ENDLIST\n");
		return lines.join("");
	}
}

function mapLine({ run: { epoch, run } }: Segment): string {
	return `#EXT-X-MAP:URI="${mediaNames(epoch).init(run)}"\n`;
}

function partLines({ parts }: SegmentMedia): string {
	return parts
		.map(({ name, durationUs, independent }) => {
			const attributes = `DURATION=${seconds(durationUs)},URI="${name}"${independent ? ",INDEPENDENT=YES" : ""}`;
			return `#EXT-X-PART:${attributes}\n`;
		})
		.join("");
}

/** All six decimals: what is rounded away would add up over a long programme. */
function seconds(us: number): string {
	return (us / 1e6).toFixed(6);
}
