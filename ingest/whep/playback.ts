import { randomBytes } from "node:crypto";
import { AppError } from "../../core/runtime/errors.ts";
import type { SubscribedMedia } from "../sdp/session-media.ts";
import type { LayerChoice } from "../sfu/subscriber-figures.ts";
import { EventStream, type PlaybackEvent } from "./event-stream.ts";

/** What the SFU knows of a subscriber that its player may want to know. */
export interface PlaybackState {
	/** There is somebody to see or hear. */
	active: boolean;
	/** By slot, lowest quality first. */
	layers: LayerChoice[][];
	/** Sessions that watch this webinar. */
	viewerCount: number;
}

/** Null: as the server sees fit. */
export interface LayerSelection {
	slot: number;
	rid: string | null;
	/** Lines; of the layer that was chosen, where only that was. */
	maxHeight: number | null;
}

/** Streams of one session; the one opened first goes. */
const MAX_STREAMS = 4;

/**
 * One WHEP session as the extensions of draft-ietf-wish-whep-03 section 4.9 see it. The SFU says by `update` what changed
 * and hears by `select` which layer is wanted; who makes it closes it with the session.
 */
export class Playback {
	/** By the index of the video m= line in the offer, which is what the extensions call it. */
	readonly #slots = new Map<number, number>();
	readonly #select: (selection: LayerSelection) => void;
	readonly #streams = new Map<string, EventStream>();
	#state: PlaybackState = { active: false, layers: [], viewerCount: 0 };
	#layers: Record<number, object[]> = {};
	#closed = false;

	/** `media`: as agreed, in the order of the offer. */
	constructor({ media, select }: { media: SubscribedMedia[]; select: (selection: LayerSelection) => void }) {
		media.forEach(({ kind, slot }, index) => {
			if (kind === "video") this.#slots.set(index, slot);
		});
		this.#select = select;
	}

	/** Nothing is told that is as before. */
	update(change: Partial<PlaybackState>): void {
		const before = this.#state;
		this.#state = { ...before, ...change };
		// Most players ask for no events.
		if (this.#streams.size === 0) return;
		const { active, viewerCount } = this.#state;
		if (active !== before.active) this.#tell(active ? "active" : "inactive", {});
		const layers = this.#layersByMedia();
		if (JSON.stringify(layers) !== JSON.stringify(this.#layers)) {
			this.#layers = layers;
			this.#tell("layers", layers);
		}
		if (viewerCount !== before.viewerCount) this.#tell("viewercount", { viewercount: viewerCount });
	}

	/**
	 * `media`: index of the m= line in the offer; the first of video where undefined.
	 * @throws AppError invalid-body, layer-unknown
	 */
	selectLayer({
		media,
		rid,
		maxHeight,
	}: {
		media: number | undefined;
		rid: string | null;
		maxHeight: number | null;
	}): void {
		const slot = media === undefined ? [...this.#slots.values()][0] : this.#slots.get(media);
		if (slot === undefined) throw new AppError("invalid-body", "mediaId names no video of this session");
		if (rid === null) {
			this.#select({ slot, rid, maxHeight });
			return;
		}
		const layer = this.#state.layers[slot]?.find((choice) => choice.rid === rid);
		if (!layer) throw new AppError("layer-unknown");
		this.#select({ slot, rid, maxHeight: maxHeight ?? layer.height ?? null });
	}

	/** A stream that begins with how things are; it waits for someone to `connect` to it. Gives its name. */
	openStream(events: readonly PlaybackEvent[]): string {
		if (this.#closed) throw new AppError("session-unknown");
		const [first] = this.#streams.keys();
		if (first !== undefined && this.#streams.size >= MAX_STREAMS) this.closeStream(first);
		const name = randomBytes(24).toString("base64url");
		const stream = new EventStream(events);
		this.#streams.set(name, stream);
		const { active, viewerCount } = this.#state;
		this.#layers = this.#layersByMedia();
		if (active) stream.tell("active", {});
		if (Object.keys(this.#layers).length > 0) stream.tell("layers", this.#layers);
		stream.tell("viewercount", { viewercount: viewerCount });
		return name;
	}

	stream(name: string): EventStream | undefined {
		return this.#streams.get(name);
	}

	closeStream(name: string): boolean {
		this.#streams.get(name)?.close();
		return this.#streams.delete(name);
	}

	close(): void {
		this.#closed = true;
		for (const name of [...this.#streams.keys()]) this.closeStream(name);
	}

	/** As the `layers` event has them, the best first; a bitrate of 0 is a layer that is not sent. */
	#layersByMedia(): Record<number, object[]> {
		const entries = [...this.#slots].flatMap(([media, slot]) => {
			const layers = (this.#state.layers[slot] ?? []).map(({ rid, width, height, bitsPerSecond, active }, at) => ({
				// A layer needs one of these names.
				...(rid === undefined ? { spatialLayerId: at } : { rid }),
				bitrate: active ? Math.round(bitsPerSecond) : 0,
				width,
				height,
			}));
			return layers.length > 0 ? [[media, layers.reverse()] as const] : [];
		});
		return Object.fromEntries(entries);
	}

	#tell(event: PlaybackEvent, data: object): void {
		for (const stream of this.#streams.values()) stream.tell(event, data);
	}
}
