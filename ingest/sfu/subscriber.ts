import { EventEmitter } from "node:events";
import type { MediaSource } from "../../core/protocol/stage.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import type { ReportBlock } from "../rtp/rtcp-write.ts";
import type { SubscribedMedia } from "../sdp/session-media.ts";
import type { MediaConnectionListener } from "../transport/media-connection.ts";
import { PAUSED } from "./bandwidth/allocation.ts";
import type { MediaSender } from "./media-sender.ts";
import { OutgoingStream } from "./outgoing-stream.ts";
import type { Publisher } from "./publisher.ts";
import { slotDemands } from "./slot-demands.ts";
import type { Slots } from "./slots.ts";
import { SubscriberBandwidth } from "./subscriber-bandwidth.ts";
import type { LayerChoice, SlotFigures, SubscriberFigures } from "./subscriber-figures.ts";
import type { PublisherTrack, TrackLayer } from "./track-layer.ts";

/** The part of a connection that a subscriber uses. */
export interface SubscriberConnection extends MediaSender {
	readonly connected: boolean;
	close(): void;
}

interface SubscriberEvents {
	connected: [];
	closed: [reason: string];
}

const REPORT_INTERVAL_MS = 1_000;
const LAYER_INTERVAL_MS = 100;
/** Before a round trip is known. */
const USUAL_ROUND_TRIP_MS = 50;
/** Of each new round trip in the average. */
const ROUND_TRIP_WEIGHT = 0.25;

/** A person's WHEP session: a fixed number of slots, each of which shows one publisher or nobody. */
export class Subscriber<C extends SubscriberConnection = SubscriberConnection> extends EventEmitter<SubscriberEvents> {
	readonly webinarId: string;
	readonly personId: string;
	readonly session: string;
	/** It watches the programme, and nobody of the stage. */
	readonly programme: boolean;
	readonly connection: C;
	readonly #clock: Clock;
	readonly #streams: OutgoingStream[];
	readonly #video: OutgoingStream[];
	readonly #bySsrc = new Map<number, OutgoingStream>();
	readonly #bandwidth: SubscriberBandwidth;
	/** By slot: what is seen, and what is heard. */
	#shown: Slots<Publisher>;
	#heard: Slots<Publisher>;
	#speaker: string | undefined;
	readonly #maxHeights = new Map<number, number>();
	readonly #paused = new Set<OutgoingStream>();
	#rttMs: number | undefined;
	#nextReportMs = 0;
	#nextLayersMs = 0;
	#closed = false;

	/** `steady`: does not jump, and counts fractions of milliseconds; not the time of day. */
	constructor(
		options: {
			webinarId: string;
			personId: string;
			session: string;
			programme: boolean;
			media: SubscribedMedia[];
			connect(listener: MediaConnectionListener): C;
		},
		{ clock, steady = steadyClock }: { clock: Clock; steady?: Clock },
	) {
		super();
		this.webinarId = options.webinarId;
		this.personId = options.personId;
		this.session = options.session;
		this.programme = options.programme;
		this.#clock = clock;
		this.connection = options.connect({
			onConnected: () => this.emit("connected"),
			onRtp: () => {},
			onRtcp: (packet) => this.#onRtcp(packet),
			onClosed: (reason) => this.close(reason),
		});
		const sender = this.connection;
		this.#bandwidth = new SubscriberBandwidth({ sendPadding: (bytes) => this.#sendPadding(bytes) }, { steady });
		this.#streams = options.media.map(
			(media) => new OutgoingStream({ media, sender, sent: this.#bandwidth }, { clock }),
		);
		this.#video = this.#streams.filter(({ kind }) => kind === "video");
		for (const stream of this.#streams) this.#bySsrc.set(stream.ssrc, stream);
		const slots = 1 + Math.max(0, ...options.media.map(({ slot }) => slot));
		this.#shown = Array<null>(slots).fill(null);
		this.#heard = Array<null>(slots).fill(null);
	}

	/** An ordinary client, which gets the active speaker. */
	get followsSpeaker(): boolean {
		return this.#shown.length === 1;
	}

	/** Who is seen in each slot. */
	get shown(): Slots<Publisher> {
		return this.#shown;
	}

	/** Who is heard in each slot: the same, but for ordinary clients while a screen is shared. */
	get heard(): Slots<Publisher> {
		return this.#heard;
	}

	get people(): (string | null)[] {
		return this.#shown.map((publisher) => publisher?.personId ?? null);
	}

	get sources(): (MediaSource | null)[] {
		return this.#shown.map((publisher) => publisher?.source ?? null);
	}

	get connected(): boolean {
		return this.connection.connected;
	}

	/** RTP packets sent so far, without retransmissions on an SSRC of their own. */
	get packets(): number {
		return this.#streams.reduce((sum, { figures }) => sum + figures.packets, 0);
	}

	/**
	 * Takes the tracks each publisher has now, once it is connected: what is sent before goes nowhere. `speaker`: who speaks,
	 * whose picture comes before others'. True when a slot changed hands.
	 */
	show(shown: Slots<Publisher>, heard: Slots<Publisher>, speaker: string | undefined): boolean {
		const changed = shown.some((publisher, slot) => !isSame(publisher, this.#shown[slot]));
		this.#shown = shown;
		this.#heard = heard;
		this.#speaker = speaker;
		this.#chooseLayers();
		return changed;
	}

	/** What a slot's picture is shown at, in lines: 0 for not at all, undefined where the page does not tell. */
	select(slot: number, { maxHeight }: { maxHeight: number | undefined }): void {
		if (maxHeight === undefined) this.#maxHeights.delete(slot);
		else if (slot < this.#shown.length) this.#maxHeights.set(slot, maxHeight);
		this.#chooseLayers();
	}

	/** What the slot's video could be, lowest quality first. */
	layers(slot: number): LayerChoice[] {
		const current = this.#video.find((stream) => stream.slot === slot)?.current;
		return (this.#shown[slot]?.track("video")?.layers ?? []).map((layer) => ({
			rid: layer.rid,
			width: layer.width,
			height: layer.height,
			bitsPerSecond: layer.bitrate,
			active: layer.active,
			current: layer === current,
		}));
	}

	/** Sends what is due; called every few milliseconds. */
	tick(): void {
		if (!this.connected || this.#closed) return;
		const now = this.#clock.now();
		if (now >= this.#nextLayersMs) this.#chooseLayers();
		this.#bandwidth.probe();
		if (now < this.#nextReportMs) return;
		this.#nextReportMs = now + REPORT_INTERVAL_MS;
		for (const stream of this.#streams) {
			stream.sendReport();
			stream.measure();
		}
	}

	figures(): SubscriberFigures {
		return {
			rttMs: this.#rttMs ?? this.#bandwidth.roundTripMs,
			estimateBitsPerSecond: this.#bandwidth.estimateBitsPerSecond,
			slots: this.#streams.map((stream) => this.#slotFigures(stream)),
		};
	}

	close(reason: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#bandwidth.close();
		for (const stream of this.#streams) stream.show(undefined);
		this.connection.close();
		this.emit("closed", reason);
		this.removeAllListeners();
	}

	#slotFigures(stream: OutgoingStream): SlotFigures {
		const { kind, slot, figures, current, keyframes, freezes } = stream;
		const publisher = (kind === "video" ? this.#shown : this.#heard)[slot];
		const { packets, bitsPerSecond, lost, jitterMs, nacks, resends, plis, layerSwitches } = figures;
		return {
			slot,
			kind,
			personId: publisher?.personId,
			source: publisher?.source,
			rid: current?.rid,
			height: current?.height,
			...{ packets, bitsPerSecond, lost, jitterMs, nacks, resends, plis, layerSwitches, keyframes, freezes },
			paused: this.#paused.has(stream),
		};
	}

	/** For every slot the layer its size and the path allow; sound in any case. */
	#chooseLayers(): void {
		if (!this.connected || this.#closed) return;
		this.#nextLayersMs = this.#clock.now() + LAYER_INTERVAL_MS;
		let audioBps = 0;
		for (const stream of this.#streams) {
			if (stream.kind !== "audio") continue;
			stream.show(liveLayer(this.#heard[stream.slot]?.track("audio"), stream.target));
			audioBps += stream.target?.bitrate ?? 0;
		}
		const demands = slotDemands(this.#video, this.#shown, this.#maxHeights, this.#speaker);
		const chosen = this.#bandwidth.allocate(demands, audioBps);
		const { overloaded } = this.#bandwidth;
		this.#video.forEach((stream, at) => {
			const track = this.#shown[stream.slot]?.track("video");
			const layer = track?.layers[chosen[at] ?? PAUSED];
			const wanted = (demands[at]?.maxLayer ?? PAUSED) !== PAUSED;
			const unseen = this.#maxHeights.get(stream.slot) === 0;
			if (!layer && wanted) this.#paused.add(stream);
			else this.#paused.delete(stream);
			// Where nothing comes there is nothing to save: what was sent goes on as soon as it does.
			const shown = layer ?? (wanted || unseen ? undefined : liveLayer(track, stream.target));
			stream.show(
				shown,
				overloaded && stream.current !== undefined && shown !== undefined && isLower(shown, stream.current),
			);
		});
	}

	#onRtcp(compound: Buffer): void {
		if (this.#closed) return;
		for (const message of readRtcp(compound)) {
			if (message.type === "nack") {
				this.#bySsrc.get(message.mediaSsrc)?.onNack(message.sequences, this.#rttMs ?? USUAL_ROUND_TRIP_MS);
			} else if (message.type === "keyframe-request") this.#bySsrc.get(message.mediaSsrc)?.onKeyframeRequest();
			else if (message.type === "receiver-report") this.#onReceiverReport(message.blocks);
			else if (message.type === "transport-feedback") this.#bandwidth.onFeedback(message.bytes);
			else if (message.type === "bitrate-estimate") this.#bandwidth.onRemb(message.bitrate);
		}
	}

	#onReceiverReport(blocks: ReportBlock[]): void {
		let worst = -1;
		for (const block of blocks) {
			const stream = this.#bySsrc.get(block.ssrc);
			if (!stream) continue;
			worst = Math.max(worst, block.fractionLost / 256);
			const measuredMs = stream.onReceiverReport(block);
			if (measuredMs === undefined) continue;
			this.#rttMs =
				this.#rttMs === undefined ? measuredMs : this.#rttMs + (measuredMs - this.#rttMs) * ROUND_TRIP_WEIGHT;
		}
		if (worst >= 0) this.#bandwidth.onReport(worst, this.#rttMs);
	}

	#sendPadding(bytes: number): void {
		if (!this.connected || this.#closed) return;
		for (const stream of this.#video) if (stream.sendPadding(bytes) > 0) return;
	}
}

const steadyClock: Clock = { now: () => performance.now() };

/** The best layer that is alive, else the one that is shown already. */
function liveLayer(track: PublisherTrack | undefined, shown: TrackLayer | undefined): TrackLayer | undefined {
	if (!track) return undefined;
	const live = track.layers.findLast(({ active }) => active);
	return live ?? (shown && track.layers.includes(shown) ? shown : track.layers.at(-1));
}

function isLower(a: TrackLayer, b: TrackLayer): boolean {
	return a.track === b.track && a.track.layers.indexOf(a) < a.track.layers.indexOf(b);
}

function isSame(a: Publisher | null, b: Publisher | null | undefined): boolean {
	return a?.personId === b?.personId && a?.source === b?.source;
}
