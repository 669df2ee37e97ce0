import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Clock } from "../../core/runtime/clock.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import type { AgreedCodec, MediaKind } from "../sdp/codecs.ts";
import type { MediaConnection } from "../transport/media-connection.ts";
import { OutgoingStream } from "./outgoing-stream.ts";
import type { Connect, Publisher } from "./publisher.ts";
import type { Slots } from "./slots.ts";

/** One m= line of a WHEP session, as it was agreed. */
export interface SubscribedMedia {
	kind: MediaKind;
	codecs: AgreedCodec[];
	/** What we send it under. */
	ssrc: number;
	cname: string;
	/** The i-th audio and the i-th video m= line are slot i. */
	slot: number;
}

interface SubscriberEvents {
	connected: [];
	closed: [reason: string];
}

const REPORT_INTERVAL_MS = 1_000;

/** A person's WHEP session: a fixed number of slots, each of which shows one publisher or nobody. */
export class Subscriber extends EventEmitter<SubscriberEvents> {
	readonly webinarId: string;
	readonly personId: string;
	readonly session: string;
	/** Names this state of the session's ICE (RFC 9725 section 4.3.1). */
	readonly etag = randomUUID();
	readonly connection: MediaConnection;
	readonly #clock: Clock;
	readonly #streams: { slot: number; stream: OutgoingStream }[];
	#people: Slots;
	#nextReportMs = 0;
	#closed = false;

	constructor(
		options: { webinarId: string; personId: string; session: string; media: SubscribedMedia[]; connect: Connect },
		{ clock }: { clock: Clock },
	) {
		super();
		this.webinarId = options.webinarId;
		this.personId = options.personId;
		this.session = options.session;
		this.#clock = clock;
		this.connection = options.connect({
			onConnected: () => this.emit("connected"),
			onRtp: () => {},
			onRtcp: (packet) => this.#onRtcp(packet),
			onClosed: (reason) => this.close(reason),
		});
		const sender = this.connection;
		this.#streams = options.media.map((media) => ({
			slot: media.slot,
			stream: new OutgoingStream({ ...media, sender }, { clock }),
		}));
		this.#people = Array<null>(1 + Math.max(0, ...options.media.map(({ slot }) => slot))).fill(null);
	}

	/** An ordinary client, which gets the active speaker. */
	get followsSpeaker(): boolean {
		return this.#people.length === 1;
	}

	get people(): Slots {
		return this.#people;
	}

	get connected(): boolean {
		return this.connection.connected;
	}

	/** RTP packets sent so far. */
	get packets(): number {
		return this.#streams.reduce((sum, { stream }) => sum + stream.packets, 0);
	}

	/**
	 * Takes the tracks each person in `people` has now, once it is connected: what is sent before goes nowhere. True when a
	 * slot changed hands.
	 */
	show(people: Slots, publisherOf: (personId: string) => Publisher | undefined): boolean {
		const changed = people.some((person, slot) => person !== this.#people[slot]);
		this.#people = people;
		for (const { slot, stream } of this.#streams) {
			const person = this.connected && people[slot];
			stream.attach(person ? publisherOf(person)?.track(stream.kind) : undefined);
		}
		return changed;
	}

	/** Sends what is due; called every few milliseconds. */
	tick(): void {
		const now = this.#clock.now();
		if (!this.connected || now < this.#nextReportMs) return;
		this.#nextReportMs = now + REPORT_INTERVAL_MS;
		for (const { stream } of this.#streams) stream.sendReport();
	}

	close(reason: string): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const { stream } of this.#streams) stream.attach(undefined);
		this.connection.close();
		this.emit("closed", reason);
		this.removeAllListeners();
	}

	#onRtcp(compound: Buffer): void {
		for (const message of readRtcp(compound)) {
			if (message.type === "sender-report") continue;
			const stream = this.#streams.find((candidate) => candidate.stream.ssrc === message.mediaSsrc)?.stream;
			if (message.type === "nack") stream?.onNack(message.sequences);
			else stream?.source?.requestKeyframe();
		}
	}
}
