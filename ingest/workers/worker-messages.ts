import type { MediaSource } from "../../core/protocol/stage.ts";
import type { IceCredentials } from "../sdp/session-description.ts";
import type { PublishedMedia, SubscribedMedia } from "../sdp/session-media.ts";
import type { PublisherFigures } from "../sfu/publisher-figures.ts";
import type { LayerChoice, SubscriberFigures } from "../sfu/subscriber-figures.ts";
import type { ChannelEnd } from "../transport/thread-channel.ts";
import type { ThreadData } from "./thread.ts";

export interface WorkerData extends ThreadData {
	/** Where this worker's feed listens. */
	feedPath: string;
}

export interface SessionIds {
	webinarId: string;
	personId: string;
	session: string;
}

/** A session to open: who, what was agreed, and our end of ICE. */
export type OpenSession = SessionIds & { ice: IceCredentials } & (
		| { kind: "publisher"; source: MediaSource; media: PublishedMedia[] }
		/** `programme`: instead of the stage. */
		| { kind: "subscriber"; programme: boolean; media: SubscribedMedia[] }
	);

export type MainToWorker =
	/** The way to the door; another one takes its place. */
	| { type: "attach"; end: ChannelEnd }
	| ({ type: "open" } & OpenSession)
	/** A subscriber's player wants a slot in this size, or as its page has it. */
	| { type: "select"; session: string; slot: number; maxHeight: number | null }
	| { type: "close"; session: string; reason: string }
	/** How loud a camera's decoded sound is: 0 is loudest, 127 silence (RFC 6464). */
	| { type: "loudness"; webinarId: string; personId: string; level: number }
	| { type: "stop" };

export type WorkerToMain =
	| { type: "ready" }
	/** A publisher's media is connected, or its tracks have changed. */
	| { type: "present"; session: string; audio: boolean; video: boolean }
	| { type: "slots"; session: string; people: (string | null)[]; sources: (MediaSource | null)[] }
	/** By itself, or as told. */
	| { type: "ended"; session: string; reason: string }
	| ({ type: "snapshot" } & WorkerSnapshot);

/** How a worker does, told once a second. Counts are since its start. */
export interface WorkerSnapshot {
	packetsIn: number;
	packetsOut: number;
	publishers: (SessionIds & { source: MediaSource; packets: number; figures: PublisherFigures })[];
	/** Those that are connected. `layers`: of each slot, lowest quality first. */
	subscribers: (SessionIds & { packets: number; layers: LayerChoice[][]; figures: SubscriberFigures })[];
}
