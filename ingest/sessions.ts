import type { MediaSource } from "../core/protocol/stage.ts";
import type { IceCredentials } from "./sdp/session-description.ts";
import type { Playback } from "./whep/playback.ts";

export type SessionKind = "publisher" | "subscriber";

/** A WHIP or WHEP session, as the main thread knows it: its media is in a worker. */
export interface Session {
	readonly kind: SessionKind;
	readonly webinarId: string;
	readonly personId: string;
	/** Its URL ends with this, which is a capability: it is in no log. */
	readonly session: string;
	/** Names it where anybody may read. */
	readonly label: string;
	/** Of a publisher; a subscriber has `camera`. */
	readonly source: MediaSource;
	/** A subscriber that watches the programme rather than the stage. */
	readonly programme: boolean;
	readonly worker: number;
	readonly dtlsRole: "server" | "client";
	/** Names the ICE session there is now (RFC 9725 section 4.3.1). */
	etag: string;
	/** Our end of it. */
	localIce: IceCredentials;
	/** The peer's end of it. */
	remoteIce: IceCredentials;
	/** Of a subscriber: what its player hears of it, and may choose. */
	playback?: Playback;
	/** A publisher whose media is connected. */
	present: boolean;
}

/** Every session there is, in order of coming. */
export class Sessions {
	readonly #sessions = new Map<string, Session>();

	get all(): Session[] {
		return [...this.#sessions.values()];
	}

	add(session: Session): void {
		this.#sessions.set(session.session, session);
	}

	/** False: it was gone already. */
	remove({ session }: Session): boolean {
		return this.#sessions.delete(session);
	}

	get(session: string): Session | undefined {
		return this.#sessions.get(session);
	}

	/** As it is addressed by HTTP. */
	find(kind: SessionKind, webinarId: string, session: string): Session | undefined {
		const found = this.#sessions.get(session);
		return found?.kind === kind && found.webinarId === webinarId ? found : undefined;
	}

	/** What a person publishes from one source; connected or not. */
	publisher(webinarId: string, personId: string, source: MediaSource): Session | undefined {
		return this.all.find(
			(other) =>
				other.kind === "publisher" &&
				other.webinarId === webinarId &&
				other.personId === personId &&
				other.source === source,
		);
	}

	/** One that watches the webinar's programme. */
	programmeWatcher(webinarId: string): Session | undefined {
		return this.all.find((other) => other.programme && other.webinarId === webinarId);
	}

	/** Whether `personId` would see anybody. */
	hasSourceFor(webinarId: string, personId: string): boolean {
		return this.all.some((other) => other.present && other.webinarId === webinarId && other.personId !== personId);
	}
}
