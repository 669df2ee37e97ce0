export interface ListedSegment {
	sequence: number;
	url: string;
	initUrl: string;
	durationS: number;
	/** EXT-X-DISCONTINUITY stands before it. */
	discontinuity: boolean;
	/** Milliseconds since the epoch; where the playlist does not say, it goes on from the segment before. */
	programDateTimeMs: number;
}

export interface MediaPlaylist {
	text: string;
	firstSequence: number;
	segments: ListedSegment[];
	/** Parts of the segment that is not complete yet. */
	openParts: number;
	ended: boolean;
}

/** Reads what tests need of a media playlist; whether it is right is for hls-validator.ts to say. */
export function readMediaPlaylist(text: string, playlistUrl: string): MediaPlaylist {
	const playlist: MediaPlaylist = { text, firstSequence: 0, segments: [], openParts: 0, ended: false };
	let initUrl = "";
	let durationS = 0;
	let discontinuity = false;
	let programDateTimeMs = Number.NaN;
	for (const line of text.split("\n").map((raw) => raw.trim())) {
		const [tag, value = ""] = split(line);
		if (tag === "#EXT-X-MEDIA-SEQUENCE") playlist.firstSequence = Number(value);
		else if (tag === "#EXT-X-MAP") initUrl = new URL(attribute(value, "URI"), playlistUrl).href;
		else if (tag === "#EXT-X-DISCONTINUITY") discontinuity = true;
		else if (tag === "#EXT-X-PROGRAM-DATE-TIME") programDateTimeMs = Date.parse(value);
		else if (tag === "#EXTINF") durationS = Number.parseFloat(value);
		else if (tag === "#EXT-X-PART") playlist.openParts++;
		else if (tag === "#EXT-X-ENDLIST") playlist.ended = true;
		else if (line !== "" && !line.startsWith("#")) {
			const sequence = playlist.firstSequence + playlist.segments.length;
			const url = new URL(line, playlistUrl).href;
			playlist.segments.push({ sequence, url, initUrl, durationS, discontinuity, programDateTimeMs });
			playlist.openParts = 0;
			discontinuity = false;
			programDateTimeMs += durationS * 1000;
		}
	}
	return playlist;
}

export interface Multivariant {
	/** In the order of the playlist. */
	variants: { url: string; height: number | undefined }[];
	/** Every media playlist it names, renditions included, each once. */
	playlistUrls: string[];
}

export function readMultivariant(text: string, multivariantUrl: string): Multivariant {
	const variants: Multivariant["variants"] = [];
	const renditions: string[] = [];
	let height: number | undefined;
	for (const line of text.split("\n").map((raw) => raw.trim())) {
		const [tag, value = ""] = split(line);
		if (tag === "#EXT-X-STREAM-INF") {
			const found = /RESOLUTION=\d+x(\d+)/.exec(value)?.[1];
			height = found === undefined ? undefined : Number(found);
		} else if (tag === "#EXT-X-MEDIA" && value.includes("URI=")) {
			renditions.push(new URL(attribute(value, "URI"), multivariantUrl).href);
		} else if (line !== "" && !line.startsWith("#")) {
			variants.push({ url: new URL(line, multivariantUrl).href, height });
		}
	}
	return { variants, playlistUrls: [...new Set([...variants.map(({ url }) => url), ...renditions])] };
}

function split(line: string): [string, string?] {
	const at = line.indexOf(":");
	return line.startsWith("#") && at > 0 ? [line.slice(0, at), line.slice(at + 1)] : [line];
}

/** A quoted attribute of an attribute list. */
function attribute(list: string, name: string): string {
	return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(list)?.[1] ?? "";
}
