import type { Position, Publication, RenditionPublication } from "../publication.ts";
import { BlockedRequests } from "./blocked-requests.ts";
import { PlaylistAnswer } from "./playlist-answer.ts";

/** A rendition as it is now. */
export class LiveRendition {
	readonly contentType: string;
	readonly media = new Map<string, Buffer[]>();
	readonly blocked: BlockedRequests;
	playlist: PlaylistAnswer;
	/** Name of the part to come. */
	hint: string | null = null;

	constructor({ contentType, playlist }: RenditionPublication, blocked: BlockedRequests) {
		this.contentType = contentType;
		this.playlist = new PlaylistAnswer(playlist);
		this.blocked = blocked;
	}

	update({ playlist, hint, added, expired }: RenditionPublication): void {
		for (const { name, chunks } of added) this.media.set(name, chunks);
		for (const name of expired) this.media.delete(name);
		this.playlist = new PlaylistAnswer(playlist);
		this.hint = hint;
	}
}

/** What a whole stream is before its first part and after it. */
interface Published {
	multivariant: PlaylistAnswer;
	position: Position;
	ended: boolean;
}

/** A request for a part that does not come blocks for no longer than this; so does one for a playlist. */
const PATIENCE_TARGET_DURATIONS = 3;
/** How long a request may wait for the programme to begin: a page opened at the start should just begin to play. */
const BEGINNING_PATIENCE_MS = 10_000;
/** Per rendition. Each holds a socket and about 2 kB. */
const BLOCKED_LIMIT = 20_000;

/** One programme as its audience may fetch it: the newest publication and the media that is still to be had. */
export class LiveStream {
	readonly renditions = new Map<string, LiveRendition>();
	/** Those who wait for the first part, or the first whole segment. */
	readonly beginning = new BlockedRequests({ limit: BLOCKED_LIMIT, patienceMs: BEGINNING_PATIENCE_MS });
	/** Undefined until the first part. */
	published: Published | undefined;
	/** Nothing will be published any more. */
	closed = false;

	/** Takes a publication and answers everyone who waited for it. */
	publish({ multivariant, position, renditions, ended }: Publication): void {
		this.published = { multivariant: new PlaylistAnswer(multivariant), position, ended };
		const patienceMs = PATIENCE_TARGET_DURATIONS * position.targetDuration * 1000;
		for (const publication of renditions) {
			const blocked = new BlockedRequests({ limit: BLOCKED_LIMIT, patienceMs });
			const rendition = this.renditions.get(publication.name) ?? new LiveRendition(publication, blocked);
			this.renditions.set(publication.name, rendition);
			rendition.update(publication);
		}
		// Nobody may see one rendition ahead of another, so all are updated before anyone is answered.
		for (const blocked of this.#everyBlocked()) blocked.release();
	}

	/** Nothing follows. Whoever still waits is refused: what they wait for will not come. */
	close(): void {
		this.closed = true;
		for (const blocked of this.#everyBlocked()) blocked.refuseAll();
	}

	expire(nowMs: number): void {
		for (const blocked of this.#everyBlocked()) blocked.expire(nowMs);
	}

	get blockedCount(): number {
		return this.#everyBlocked().reduce((sum, { size }) => sum + size, 0);
	}

	#everyBlocked(): BlockedRequests[] {
		return [this.beginning, ...[...this.renditions.values()].map(({ blocked }) => blocked)];
	}
}
