import { AppError } from "../../core/runtime/errors.ts";
import type { MediaArchive, Position, Publication, RenditionPublication } from "../publication.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import { type Asker, BlockedRequests } from "./blocked-requests.ts";
import { INDEX, type LiveRequest } from "./live-request.ts";
import { archivedAnswer, MediaAnswer } from "./media-answer.ts";
import { PlaylistAnswer } from "./playlist-answer.ts";
import { checkNotTooFarAhead, isReached, isStale, parseDirectives } from "./reload-directives.ts";

/** A rendition as it is now. */
class LiveRendition {
	readonly media = new Map<string, MediaAnswer>();
	readonly #contentType: string;
	playlist: PlaylistAnswer;
	/** The same where old clients have skipped; the whole when they need that. */
	delta: PlaylistAnswer;
	/** Name of the part to come. */
	hint: string | null = null;

	constructor({ contentType, playlist }: RenditionPublication) {
		this.#contentType = contentType;
		this.playlist = new PlaylistAnswer("playlist", playlist);
		this.delta = this.playlist;
	}

	update({ playlist, delta, hint, added, expired }: RenditionPublication): void {
		for (const { name, chunks } of added) this.media.set(name, new MediaAnswer(this.#contentType, chunks));
		for (const name of expired) this.media.delete(name);
		this.playlist = new PlaylistAnswer("playlist", playlist);
		this.delta = delta === null ? this.playlist : new PlaylistAnswer("playlist", delta);
		this.hint = hint;
	}
}

/** What a whole stream is after its first part. */
interface Published {
	multivariant: PlaylistAnswer;
	position: Position;
	ended: boolean;
}

/** Seconds a playlist may be taken for the newest. */
const PLAIN_MAX_AGE = 1;
/** In target durations: what a blocked request was answered with is right for as long as anyone can ask for it. */
const BLOCKING_MAX_AGE = 6;
/** A request for a part that does not come blocks for no longer than this; so does one for a playlist. */
const PATIENCE_TARGET_DURATIONS = 3;
/** How long a request may wait for the programme to begin: a page opened at the start should just begin to play. */
const BEGINNING_PATIENCE_MS = 10_000;
/** Each holds a socket and a few kB. */
const BLOCKED_LIMIT = 20_000;

/** One programme as its audience may fetch it: the newest publication and the media that is still to be had. */
export class LiveStream {
	readonly #archive: MediaArchive | undefined;
	readonly #onError: (error: unknown) => void;
	readonly #renditions = new Map<string, LiveRendition>();
	readonly #blocked = new BlockedRequests<LiveRequest>({
		limit: BLOCKED_LIMIT,
		answer: (request) => this.#tryAnswer(request),
	});
	/** Undefined until the first part. */
	#published: Published | undefined;
	#closed = false;

	/** `onError`: told of what should not happen; whoever asked gets 500. */
	constructor({ archive, onError }: { archive?: MediaArchive | undefined; onError: (error: unknown) => void }) {
		this.#archive = archive;
		this.#onError = onError;
	}

	/** Nothing will be published any more. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Takes a publication and answers everyone who waited for it. */
	publish({ multivariant, position, renditions, ended }: Publication): void {
		this.#published = { multivariant: new PlaylistAnswer("multivariant", multivariant), position, ended };
		for (const publication of renditions) {
			const rendition = this.#renditions.get(publication.name) ?? new LiveRendition(publication);
			this.#renditions.set(publication.name, rendition);
			rendition.update(publication);
		}
		// Nobody may see one rendition ahead of another, so all are updated before anyone is answered.
		this.#blocked.release();
	}

	/** Nothing follows. Whoever still waits is refused: what they wait for will not come. */
	close(): void {
		this.#closed = true;
		this.#blocked.refuseAll();
	}

	expire(nowMs: number): void {
		this.#blocked.expire(nowMs);
	}

	get blockedCount(): number {
		return this.#blocked.size;
	}

	/** Answers, now or once there is something to answer with. */
	ask(request: LiveRequest, asker: Asker, nowMs: number): void {
		const answer = this.#tryAnswer(request);
		if (answer) {
			asker.take(answer);
			return;
		}
		const { rendition, name, query, range } = request;
		const key = [rendition, name, query, range].join("\n");
		const taken = !this.#closed && this.#blocked.add(key, request, asker, nowMs + this.#patienceMs());
		if (!taken) asker.take(problemAnswer("unavailable"));
	}

	/** The asker has gone. */
	forget(asker: Asker): void {
		this.#blocked.remove(asker);
	}

	#patienceMs(): number {
		const published = this.#published;
		if (!published?.position.lastMsn) return BEGINNING_PATIENCE_MS;
		return PATIENCE_TARGET_DURATIONS * published.position.targetDuration * 1000;
	}

	/** One answer's failure must not keep the others waiting. */
	#tryAnswer(request: LiveRequest): Answer | undefined {
		try {
			return this.#answer(request);
		} catch (error) {
			if (!(error instanceof AppError)) this.#onError(error);
			return problemAnswer(error instanceof AppError ? error : "internal");
		}
	}

	/**
	 * Undefined when the answer is yet to come.
	 * @throws AppError media-unknown, bad-request
	 */
	#answer(request: LiveRequest): Answer | undefined {
		const published = this.#published;
		if (request.rendition === undefined) {
			if (request.name !== INDEX) throw new AppError("media-unknown");
			if (this.#closed && !published) throw new AppError("media-unknown");
			// Held until there is a whole segment: players that load no parts would find nothing and give up.
			return published?.position.lastMsn ? published.multivariant.keptFor(PLAIN_MAX_AGE) : undefined;
		}
		if (request.name !== INDEX) return this.#media(request.rendition, request.name, request.range);
		if (!published) return this.#unlessClosed();
		const rendition = this.#renditions.get(request.rendition);
		if (!rendition) throw new AppError("media-unknown");
		return playlist(rendition, published, request.query);
	}

	#media(renditionName: string, name: string, range: string | undefined): Answer | undefined {
		const rendition = this.#renditions.get(renditionName);
		const media = rendition?.media.get(name);
		if (media) return media.answer(range);
		if (rendition?.hint === name) return undefined;
		const archived = this.#archive?.find(renditionName, name);
		if (archived) return archivedAnswer(archived, range);
		if (!this.#published) return this.#unlessClosed();
		throw new AppError("media-unknown");
	}

	/** Before anything is published, everything may be yet to come. */
	#unlessClosed(): undefined {
		if (this.#closed) throw new AppError("media-unknown");
		return undefined;
	}
}

function playlist(rendition: LiveRendition, { position, ended }: Published, query: string): Answer | undefined {
	if (ended || query === "") return rendition.playlist.keptFor(PLAIN_MAX_AGE);
	const { reload, skip } = parseDirectives(query);
	const version = skip ? rendition.delta : rendition.playlist;
	if (!reload) return version.keptFor(PLAIN_MAX_AGE);
	if (isReached(reload, position)) {
		const maxAge = isStale(reload, position) ? PLAIN_MAX_AGE : BLOCKING_MAX_AGE * position.targetDuration;
		return version.keptFor(maxAge);
	}
	checkNotTooFarAhead(reload, position);
	return undefined;
}
