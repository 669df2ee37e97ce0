import { randomBytes, randomUUID } from "node:crypto";
import type { EventTopics } from "../core/protocol/bus-topics.ts";
import type { MediaSource } from "../core/protocol/stage.ts";
import type { Bus } from "../core/runtime/bus.ts";
import { AppError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { IceCredentials, LocalTransport, Offer } from "./sdp/session-description.ts";
import type { PublishedMedia, SubscribedMedia } from "./sdp/session-media.ts";
import { drawIce, drawSession } from "./session-secrets.ts";
import { type Session, Sessions } from "./sessions.ts";
import { createChannel } from "./transport/thread-channel.ts";
import { Playback } from "./whep/playback.ts";
import { DoorThread } from "./workers/door-thread.ts";
import type { WorkerSnapshot, WorkerToMain } from "./workers/worker-messages.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

export interface MediaPlaneOptions {
	/** UDP and TCP; 0 takes any free one. */
	mediaPort: number;
	/** Where media reaches this machine; empty for its own addresses. */
	publicAddresses: string[];
	feedPath: string;
	workers: number;
	sessionsPerWorker: number;
}

interface OpenOptions {
	webinarId: string;
	personId: string;
	offer: Pick<Offer, "ice" | "transport">;
}

/** All sessions' media: the door, the workers, and who has what. What happens there is told on the bus. */
export class MediaPlane {
	readonly sessions = new Sessions();
	readonly #bus: Bus;
	readonly #log: Logger;
	readonly #unsubscribe: (() => void)[];
	readonly #snapshots = new Map<number, WorkerSnapshot>();
	/** Of workers that are no more. */
	readonly #packetsOfLost = { in: 0, out: 0 };
	readonly #door: DoorThread;
	readonly #pool: WorkerPool;

	private constructor(options: MediaPlaneOptions, bus: Bus, log: Logger) {
		this.#bus = bus;
		this.#log = log;
		this.#door = new DoorThread(options, {
			log,
			// Its handshakes are gone with it, and nobody else has their keys.
			onLost: () => this.#endAll("door lost", () => true),
			onOpen: () => {
				for (const worker of this.#pool.workers) this.#attach(worker);
			},
		});
		this.#pool = new WorkerPool(
			options,
			{
				onStarted: (worker) => this.#attach(worker),
				onMessage: (worker, message) => this.#onMessage(worker, message),
				onLost: (worker) => this.#onWorkerLost(worker),
			},
			log,
		);
		this.#unsubscribe = [
			bus.subscribe("person-removed", ({ webinarId, personId }) =>
				this.#endAll("removed", (session) => session.webinarId === webinarId && session.personId === personId),
			),
			bus.subscribe("webinar-closed", ({ webinarId }) =>
				this.#endAll("webinar closed", (session) => session.webinarId === webinarId),
			),
			bus.subscribe("loudness", (loudness) => this.#onLoudness(loudness)),
		];
	}

	/** @throws the system's error (EADDRINUSE, …) when the media port cannot be had */
	static async open(options: MediaPlaneOptions, { bus, log }: { bus: Bus; log: Logger }): Promise<MediaPlane> {
		const plane = new MediaPlane(options, bus, log);
		try {
			await plane.#door.start();
			await plane.#pool.start();
		} catch (error) {
			await plane.close();
			throw error;
		}
		return plane;
	}

	/**
	 * In the place of an earlier session of the same person and source, which ends: a page that was reloaded comes back so.
	 * @throws AppError server-busy, unavailable
	 */
	openPublisher(options: OpenOptions & { source: MediaSource; media: PublishedMedia[] }): Session {
		const { webinarId, personId, source, media } = options;
		this.#requireDoor();
		const earlier = this.sessions.publisher(webinarId, personId, source);
		// First, so that a full worker has its place for the next one.
		if (earlier) this.end(earlier, "replaced");
		const session = this.#expect({ kind: "publisher", source, programme: false }, options);
		const ids = { webinarId, personId, session: session.session };
		const { localIce: ice } = session;
		this.#pool.post(session.worker, { type: "open", kind: "publisher", ...ids, source, media, ice });
		return session;
	}

	/**
	 * `programme`: it watches that, rather than the stage.
	 * @throws AppError server-busy, unavailable
	 */
	openSubscriber(options: OpenOptions & { programme: boolean; media: SubscribedMedia[] }): Session {
		this.#requireDoor();
		const { webinarId, personId, programme, media } = options;
		const session = this.#expect({ kind: "subscriber", source: "camera", programme }, options);
		const { session: name, worker, localIce: ice } = session;
		const ids = { webinarId, personId, session: name };
		this.#pool.post(worker, { type: "open", kind: "subscriber", ...ids, programme, media, ice });
		session.playback = new Playback({
			media,
			select: ({ slot, maxHeight }) => this.#pool.post(worker, { type: "select", session: name, slot, maxHeight }),
		});
		this.#tellPlayers(webinarId);
		if (programme) this.#bus.retain("programme-watched", webinarId, { watching: true });
		return session;
	}

	/** Our end of ICE and DTLS, as the answer has it. */
	local({ localIce, dtlsRole }: Session): LocalTransport {
		const setup = dtlsRole === "server" ? "passive" : "active";
		return { ...localIce, setup, fingerprint: this.#door.fingerprint, hosts: this.#door.hosts };
	}

	/** Another ICE session, under another ETag; the one there is goes on until a check has proven the new one. */
	restartIce(session: Session, remote: IceCredentials): LocalTransport {
		session.etag = randomUUID();
		session.remoteIce = remote;
		session.localIce = drawIce();
		this.#door.post({ type: "restart", connection: session.session, ice: session.localIce });
		return this.local(session);
	}

	/** UDP and TCP. */
	get mediaPort(): number {
		return this.#door.port;
	}

	/** Idempotent. */
	end(session: Session, reason: string): void {
		this.#pool.post(session.worker, { type: "close", session: session.session, reason });
		this.#forget(session, reason);
	}

	/** Where the feed of a publisher is; undefined when there is none. */
	feedPath(webinarId: string, personId: string, source: MediaSource): string | undefined {
		const session = this.sessions.publisher(webinarId, personId, source);
		return session?.present ? this.#pool.feedPath(session.worker) : undefined;
	}

	/** Where a webinar's programme is to be sent; undefined when nobody watches it. */
	programmePath(webinarId: string): string | undefined {
		const watcher = this.sessions.programmeWatcher(webinarId);
		return watcher && this.#pool.feedPath(watcher.worker);
	}

	/** What each worker told last. */
	get snapshots(): WorkerSnapshot[] {
		return [...this.#snapshots.values()];
	}

	/** RTP packets since the start. */
	get packets(): { in: number; out: number } {
		const { snapshots } = this;
		return {
			in: snapshots.reduce((sum, { packetsIn }) => sum + packetsIn, this.#packetsOfLost.in),
			out: snapshots.reduce((sum, { packetsOut }) => sum + packetsOut, this.#packetsOfLost.out),
		};
	}

	async close(): Promise<void> {
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
		this.#endAll("server closes", () => true);
		await Promise.all([this.#pool.close(), this.#door.close()]);
	}

	#requireDoor(): void {
		if (!this.#door.isOpen) throw new AppError("unavailable");
	}

	#expect(what: Pick<Session, "kind" | "source" | "programme">, { webinarId, personId, offer }: OpenOptions): Session {
		const worker = this.#pool.take(webinarId);
		const session: Session = {
			...what,
			webinarId,
			personId,
			session: drawSession(),
			label: randomBytes(6).toString("hex"),
			worker,
			// RFC 8842 section 5.3: who offers actpass or active gets a server, who offers passive a client.
			dtlsRole: offer.transport.setup === "passive" ? "client" : "server",
			etag: randomUUID(),
			localIce: drawIce(),
			remoteIce: offer.ice,
			present: false,
		};
		this.sessions.add(session);
		const { dtlsRole, localIce: ice } = session;
		const { algorithm, value } = offer.transport.fingerprint;
		this.#door.post({
			type: "expect",
			connection: session.session,
			worker,
			ice,
			dtlsRole,
			fingerprint: { algorithm, value: new Uint8Array(value) },
		});
		return session;
	}

	#endAll(reason: string, which: (session: Session) => boolean): void {
		for (const session of this.sessions.all.filter(which)) this.end(session, reason);
	}

	#forget(session: Session, reason: string): void {
		if (!this.sessions.remove(session)) return;
		const { kind, webinarId, personId, session: name, source } = session;
		this.#door.post({ type: "forget", connection: name });
		this.#pool.release(webinarId, session.worker);
		if (session.present) this.#bus.publish("publisher-gone", { webinarId, personId, source });
		this.#bus.publish("session-ended", { webinarId, personId, session: name, kind, reason });
		this.#log.info({ webinarId, personId, kind, source, reason }, "session ended");
		session.playback?.close();
		this.#tellPlayers(webinarId);
		if (session.programme && !this.sessions.programmeWatcher(webinarId))
			this.#bus.retain("programme-watched", webinarId, null);
	}

	/** Who publishes in a webinar, or how many watch it, has changed. */
	#tellPlayers(webinarId: string): void {
		const sessions = this.sessions.all.filter((session) => session.webinarId === webinarId);
		const publishers = sessions.filter(({ present }) => present);
		const players = sessions.filter(({ kind }) => kind === "subscriber");
		for (const { personId, programme, playback } of players) {
			const active = programme || publishers.some((publisher) => publisher.personId !== personId);
			const viewerCount = players.filter((other) => other.programme === programme).length;
			playback?.update({ active, viewerCount });
		}
	}

	#onMessage(worker: number, message: WorkerToMain): void {
		if (message.type === "snapshot") {
			this.#snapshots.set(worker, message);
			for (const { session, layers } of message.subscribers) this.sessions.get(session)?.playback?.update({ layers });
		}
		if (!("session" in message)) return;
		const session = this.sessions.get(message.session);
		// It has been ended here while the message was on its way.
		if (!session) return;
		const { webinarId, personId, source } = session;
		if (message.type === "present") {
			session.present = true;
			const { audio, video } = message;
			this.#bus.publish("publisher-present", { webinarId, personId, source, audio, video });
			this.#tellPlayers(webinarId);
		} else if (message.type === "slots") {
			const { session: name, people, sources } = message;
			this.#bus.publish("slots", { webinarId, personId, session: name, people, sources });
		} else if (message.type === "ended") this.#forget(session, message.reason);
	}

	#onWorkerLost(worker: number): void {
		const last = this.#snapshots.get(worker);
		this.#snapshots.delete(worker);
		this.#packetsOfLost.in += last?.packetsIn ?? 0;
		this.#packetsOfLost.out += last?.packetsOut ?? 0;
		this.#door.post({ type: "detach", worker });
		this.#endAll("worker lost", (session) => session.worker === worker);
	}

	/** The decoded sound of cameras tells who speaks where a publisher's packets do not. */
	#onLoudness({ webinarId, levels }: EventTopics["loudness"]): void {
		const worker = this.#pool.workerOf(webinarId);
		if (worker === undefined) return;
		for (const { personId, source, level } of levels) {
			if (source === "camera") this.#pool.post(worker, { type: "loudness", webinarId, personId, level });
		}
	}

	/** A channel of their own between a worker and the door. */
	#attach(worker: number): void {
		const [door, media] = createChannel();
		this.#door.post({ type: "attach", worker, end: door });
		this.#pool.post(worker, { type: "attach", end: media });
	}
}
