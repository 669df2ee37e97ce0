/**
 * What passes from the packager to the origin: everything that is published at one instant, for all renditions at once.
 * Media never changes after it was published, and no name is ever used twice.
 */
export interface Publication {
	/** Text of the multivariant playlist. */
	multivariant: string;
	position: Position;
	renditions: RenditionPublication[];
	/** Nothing follows: every playlist has its ENDLIST. */
	ended: boolean;
}

/** How far every rendition has come: they are published together, so there is one position for all. */
export interface Position {
	/** Media sequence number of the newest whole segment; 0 when there is none yet. */
	lastMsn: number;
	/** Number of parts in that segment. */
	lastMsnParts: number;
	/** Number of parts published of the segment after it. */
	openParts: number;
	/** Parts in a segment that is not cut short. */
	partsPerSegment: number;
	/** Seconds. */
	targetDuration: number;
}

export interface RenditionPublication {
	/** Path segment: `720p`, `audio`. */
	name: string;
	/** Content type of its media. */
	contentType: "video/mp4" | "audio/mp4";
	/** Text of the media playlist. */
	playlist: string;
	/** The same, with what old clients have skipped (rfc8216bis section 6.2.5.1); null when they need the whole. */
	delta: string | null;
	/** Name of the part that comes next, promised by PRELOAD-HINT; null when ended. */
	hint: string | null;
	/** New since the publication before. */
	added: NamedMedia[];
	/** Names that are no longer kept in memory: they are in the archive, or need not be fetchable (section 6.2.2). */
	expired: string[];
}

/** Media that was published and is on disk. It outlives the server. */
export interface MediaArchive {
	/** Undefined when there is none of that name. */
	find(rendition: string, name: string): ArchivedMedia | undefined;
}

export interface ArchivedMedia {
	path: string;
	/** Bytes. The file does not change any more. */
	length: number;
	contentType: string;
}

export interface NamedMedia {
	name: string;
	/** Its bytes, one after the other: a segment shares those of its parts. */
	chunks: Buffer[];
}
