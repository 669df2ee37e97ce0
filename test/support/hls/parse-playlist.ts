export interface PlaylistPart {
	uri: string;
	duration: number;
	independent: boolean;
	gap: boolean;
}

export interface PlaylistSegment {
	msn: number;
	/** Undefined while only parts of it are listed. */
	uri: string | undefined;
	duration: number;
	parts: PlaylistPart[];
	/** Tags that came with it. */
	discontinuity: boolean;
	/** URI of the initialization section that applies. */
	map: string | undefined;
	/** Milliseconds since the epoch, when it has a PROGRAM-DATE-TIME. */
	dateMs: number | undefined;
	/** When it begins: its own date, or that of a segment before it and what lies between. */
	startMs: number | undefined;
	/** A DISCONTINUITY, MAP or PROGRAM-DATE-TIME came after its first part. */
	lateTag: string | undefined;
	/** Marked as not to be had (EXT-X-GAP). */
	gap: boolean;
}

/** What a delta update leaves out (EXT-X-SKIP). */
export interface Skip {
	segments: number;
	/** IDs of date ranges; undefined when it says nothing of them. */
	removedRanges: string[] | undefined;
}

export interface MediaPlaylist {
	text: string;
	lines: string[];
	targetDuration: number;
	partTarget: number | undefined;
	/** As printed. */
	partInf: string | undefined;
	serverControl: string | undefined;
	control: Record<string, string>;
	mediaSequence: number;
	discontinuitySequence: number | undefined;
	segments: PlaylistSegment[];
	hints: Record<string, string>[];
	reports: Record<string, string>[];
	dateRanges: Record<string, string>[];
	/** Undefined for a whole playlist. */
	skip: Skip | undefined;
	ended: boolean;
}

/** Attribute list of a tag (RFC 8216 section 4.2), quotes removed. */
export function parseAttributes(list: string): Record<string, string> {
	const attributes: Record<string, string> = {};
	for (const [, name = "", value = ""] of list.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)) {
		attributes[name] = value.replace(/^"|"$/g, "");
	}
	return attributes;
}

function newSegment(msn: number, map: string | undefined): PlaylistSegment {
	const nothing = { uri: undefined, dateMs: undefined, startMs: undefined, lateTag: undefined };
	return { ...nothing, msn, map, duration: 0, parts: [], discontinuity: false, gap: false };
}

/** Reads what is there, however wrong: the rules judge it. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
	const lines = text.split("\n").filter((line) => line !== "");
	const value = (tag: string) => lines.find((line) => line.startsWith(`#${tag}:`))?.slice(tag.length + 2);
	const all = (tag: string) =>
		lines.filter((line) => line.startsWith(`#${tag}:`)).map((line) => parseAttributes(line.slice(tag.length + 2)));
	const mediaSequence = Number(value("EXT-X-MEDIA-SEQUENCE") ?? 0);
	const discontinuitySequence = value("EXT-X-DISCONTINUITY-SEQUENCE");
	const partInf = value("EXT-X-PART-INF");
	const serverControl = value("EXT-X-SERVER-CONTROL");
	const skip = parseSkip(value("EXT-X-SKIP"));
	return {
		text,
		lines,
		targetDuration: Number(value("EXT-X-TARGETDURATION")),
		partTarget: partInf === undefined ? undefined : Number(parseAttributes(partInf)["PART-TARGET"]),
		partInf,
		serverControl,
		control: parseAttributes(serverControl ?? ""),
		mediaSequence,
		discontinuitySequence: discontinuitySequence === undefined ? undefined : Number(discontinuitySequence),
		segments: parseSegments(lines, mediaSequence + (skip?.segments ?? 0)),
		hints: all("EXT-X-PRELOAD-HINT"),
		reports: all("EXT-X-RENDITION-REPORT"),
		dateRanges: all("EXT-X-DATERANGE"),
		skip,
		ended: lines.includes("#EXT-X-ENDLIST"),
	};
}

function parseSkip(value: string | undefined): Skip | undefined {
	if (value === undefined) return undefined;
	const { "SKIPPED-SEGMENTS": segments, "RECENTLY-REMOVED-DATERANGES": removed } = parseAttributes(value);
	return { segments: Number(segments ?? 0), removedRanges: removed?.split("\t") };
}

function parseSegments(lines: string[], firstMsn: number): PlaylistSegment[] {
	const segments: PlaylistSegment[] = [];
	let segment = newSegment(firstMsn, undefined);
	let isTouched = false;
	for (const line of lines) {
		const [tag = "", ...rest] = line.split(":");
		const content = rest.join(":");
		if (["#EXT-X-DISCONTINUITY", "#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME"].includes(tag) && segment.parts.length > 0) {
			segment.lateTag ??= tag;
		}
		if (tag === "#EXT-X-DISCONTINUITY") segment.discontinuity = true;
		else if (tag === "#EXT-X-MAP") segment.map = parseAttributes(content)["URI"];
		else if (tag === "#EXT-X-PROGRAM-DATE-TIME") segment.dateMs = Date.parse(content);
		else if (tag === "#EXT-X-GAP") segment.gap = true;
		else if (tag === "#EXTINF") segment.duration = Number.parseFloat(content);
		else if (tag === "#EXT-X-PART") segment.parts.push(parsePart(content));
		else if (!line.startsWith("#")) segment.uri = line;
		else continue;
		isTouched = true;
		if (segment.uri === undefined) continue;
		segments.push(segment);
		segment = newSegment(segment.msn + 1, segment.map);
		isTouched = false;
	}
	if (isTouched) segments.push(segment);
	carryOn(segments, undefined);
	return segments;
}

/** Completes what segments have from those before them: when they begin, and their initialization section. */
export function carryOn(segments: PlaylistSegment[], before: PlaylistSegment | undefined): void {
	let last = before;
	for (const segment of segments) {
		const follows = last && !segment.discontinuity && last.startMs !== undefined;
		segment.startMs =
			segment.dateMs ?? (follows && last ? (last.startMs ?? 0) + segmentSeconds(last) * 1000 : undefined);
		segment.map ??= last?.map;
		last = segment;
	}
}

function parsePart(content: string): PlaylistPart {
	const { DURATION, URI = "", INDEPENDENT, GAP } = parseAttributes(content);
	return { uri: URI, duration: Number(DURATION), independent: INDEPENDENT === "YES", gap: GAP === "YES" };
}

/** The listed segment of that number. */
export function segmentOf({ segments }: MediaPlaylist, msn: number): PlaylistSegment | undefined {
	return segments[msn - (segments[0]?.msn ?? 0)];
}

/** The newest part listed, by its segment's number and its own index; that of a whole segment without parts is -1. */
export function newestPosition({ segments, mediaSequence }: MediaPlaylist): { msn: number; part: number } {
	const last = segments.at(-1);
	return last ? { msn: last.msn, part: last.parts.length - 1 } : { msn: mediaSequence - 1, part: -1 };
}

/** Length of what is listed, in seconds. */
export function listedSeconds(segments: PlaylistSegment[]): number {
	return segments.reduce((sum, segment) => sum + segmentSeconds(segment), 0);
}

export function segmentSeconds({ uri, duration, parts }: PlaylistSegment): number {
	return uri === undefined ? parts.reduce((sum, part) => sum + part.duration, 0) : duration;
}
