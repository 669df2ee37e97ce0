import { seededRandom } from "../../test/support/seeded-random.ts";
import { TransportFeedback } from "../rtp/transport-feedback-reader.ts";
import { TransportFeedbackWriter } from "../rtp/transport-feedback-writer.ts";
import type { SlotDemand } from "../sfu/bandwidth/allocation.ts";
import { BandwidthEstimator, type BandwidthEstimatorOptions } from "../sfu/bandwidth/bandwidth-estimator.ts";
import { LayerAllocator } from "../sfu/bandwidth/layer-allocator.ts";
import { type LinkConditions, OPEN_LINK, SimulatedLink } from "./simulated-link.ts";

const FRAME_MS = 1000 / 30;
const AUDIO_MS = 20;
const AUDIO_BYTES = 140;
const PACKET_BYTES = 1180;
const PADDING_TICK_MS = 10;
const ALLOCATION_MS = 100;
/** A keyframe of the other layer is asked for and comes. */
const SWITCH_MS = 200;
const KEYFRAME_EVERY_MS = 8000;
/** Of a keyframe, in times of an ordinary frame. */
const KEYFRAME_SIZE = 5;

export interface Sample {
	atMs: number;
	/** Sent now, by slot. */
	layers: number[];
	estimateBps: number;
	/** How long a packet sent now waits in the bottleneck. */
	queueMs: number;
}

interface SimulatedLayer {
	bitrate: number;
	active: boolean;
	nominalBps: number;
	frames: number[];
}

interface SimulatedSlot {
	demand: Omit<SlotDemand, "layers"> & { layers: SimulatedLayer[] };
	layer: number;
	target: number;
	switchAtMs: number;
	nextKeyframeMs: number;
	/** Packets of the frame in hand, sent one a millisecond or so as a browser's pacer lets them come. */
	backlogBytes: number;
	paceBytes: number;
}

/**
 * A subscriber with simulcast video in every slot and Opus, over a simulated path, with the real feedback of the real
 * writer. Virtual time, a millisecond a step.
 */
export class SimulatedSubscriber {
	readonly estimator: BandwidthEstimator;
	readonly samples: Sample[] = [];
	nowMs = 1000;
	/** As of a peer without RTX. */
	paddingPossible = true;
	/** Clusters begun. */
	probes = 0;
	paddingBytes = 0;
	mediaBytes = 0;
	readonly #allocator = new LayerAllocator();
	readonly #random: () => number;
	readonly #down: SimulatedLink;
	readonly #up: SimulatedLink;
	readonly #writer = new TransportFeedbackWriter({ senderSsrc: 1 });
	readonly #feedback = new TransportFeedback();
	readonly #slots: SimulatedSlot[];
	readonly #atPeer = new Map<number, { sequence: number; atMs: number }[]>();
	readonly #atServer = new Map<number, Buffer[]>();
	#sequence = 65_000;

	constructor({ seed, slots = 1, ...options }: { seed: number; slots?: number } & BandwidthEstimatorOptions) {
		this.#random = seededRandom(seed);
		this.#down = new SimulatedLink(this.#random);
		this.#up = new SimulatedLink(this.#random);
		this.estimator = new BandwidthEstimator(options);
		this.#slots = Array.from({ length: slots }, (_, slot) => ({
			demand: {
				source: slot,
				priority: slot === 0 ? "speaker" : "other",
				maxLayer: 2,
				layers: [150_000, 500_000, 1_500_000].map((nominalBps) => ({
					bitrate: nominalBps,
					active: true,
					nominalBps,
					frames: [],
				})),
			},
			layer: -1,
			target: -1,
			switchAtMs: 0,
			nextKeyframeMs: 0,
			backlogBytes: 0,
			paceBytes: 0,
		}));
	}

	run(durationMs: number, conditions: Partial<LinkConditions> = {}): Sample[] {
		this.#down.conditions = { ...OPEN_LINK, ...conditions };
		const { jitterMs, lossFraction } = this.#down.conditions;
		this.#up.conditions = { ...OPEN_LINK, jitterMs, lossFraction };
		const first = this.samples.length;
		const endMs = this.nowMs + durationMs;
		for (; this.nowMs < endMs; this.nowMs++) this.#step();
		return this.samples.slice(first);
	}

	#step(): void {
		const now = this.nowMs;
		this.#receive(now);
		for (const slot of this.#slots) this.#playSlot(slot, now);
		if (now % AUDIO_MS === 0) for (let slot = 0; slot < this.#slots.length; slot++) this.#send(AUDIO_BYTES);
		if (now % PADDING_TICK_MS === 0) {
			const probed = this.estimator.probing;
			const missing = this.estimator.paddingDue(now);
			if (this.estimator.probing && !probed) this.probes++;
			for (let due = this.paddingPossible ? missing : 0; due > 300; due -= PACKET_BYTES) {
				this.paddingBytes += Math.min(due, PACKET_BYTES);
				this.#send(Math.min(due, PACKET_BYTES));
			}
		}
		if (now % ALLOCATION_MS === 0) this.#allocate(now);
	}

	#receive(now: number): void {
		for (const { sequence, atMs } of this.#atPeer.get(now) ?? []) this.#writer.onPacket(sequence, atMs);
		this.#atPeer.delete(now);
		for (const packet of this.#writer.take(now)) {
			const arrival = this.#up.send(packet.length + 50, now);
			if (arrival !== undefined) entry(this.#atServer, Math.ceil(arrival)).push(packet);
		}
		for (const packet of this.#atServer.get(now) ?? []) {
			if (!this.#feedback.read(packet)) throw new Error("feedback that cannot be read");
			this.estimator.onFeedback(this.#feedback, now);
		}
		this.#atServer.delete(now);
	}

	#playSlot(slot: SimulatedSlot, now: number): void {
		if (slot.target !== slot.layer && now >= slot.switchAtMs) {
			slot.layer = slot.target;
			slot.nextKeyframeMs = now;
		}
		if (Math.floor(now / FRAME_MS) !== Math.floor((now - 1) / FRAME_MS)) this.#nextFrame(slot, now);
		slot.paceBytes = Math.max(slot.paceBytes, slot.backlogBytes / 25);
		for (let budget = slot.paceBytes; slot.backlogBytes > 0 && budget > 0; ) {
			const bytes = Math.min(PACKET_BYTES, slot.backlogBytes);
			if (budget < bytes && this.#random() > budget / bytes) break;
			budget -= bytes;
			slot.backlogBytes -= bytes;
			this.mediaBytes += bytes;
			this.#send(bytes + 60);
		}
	}

	#nextFrame(slot: SimulatedSlot, now: number): void {
		const keyframe = now >= slot.nextKeyframeMs;
		if (keyframe) slot.nextKeyframeMs = now + KEYFRAME_EVERY_MS;
		slot.demand.layers.forEach((layer, index) => {
			const ordinary = ((layer.nominalBps / 8000) * FRAME_MS * (0.6 + 0.8 * this.#random())) / 1.02;
			const bytes = keyframe ? ordinary * KEYFRAME_SIZE : ordinary;
			layer.frames.push(bytes);
			if (layer.frames.length > 30) layer.frames.shift();
			layer.bitrate = (layer.frames.reduce((sum, frame) => sum + frame, 0) * 8000) / (layer.frames.length * FRAME_MS);
			if (index !== slot.layer) return;
			slot.backlogBytes += Math.round(bytes);
			slot.paceBytes = slot.backlogBytes / 25;
		});
	}

	#allocate(now: number): void {
		const audioBps = this.#slots.length * ((AUDIO_BYTES * 8000) / AUDIO_MS);
		const demands = this.#slots.map(({ demand }) => demand);
		const { layers, wantedBps } = this.#allocator.allocate(this.estimator.estimateBps, audioBps, demands, now);
		this.estimator.wantedBps = wantedBps;
		this.#slots.forEach((slot, index) => {
			const layer = layers[index] ?? -1;
			if (layer === slot.target) return;
			slot.target = layer;
			slot.switchAtMs = layer < 0 ? now : now + SWITCH_MS;
		});
		this.samples.push({
			atMs: now,
			layers: this.#slots.map(({ layer }) => layer),
			estimateBps: this.estimator.estimateBps,
			queueMs: this.#down.queueMs(now),
		});
	}

	#send(bytes: number): void {
		const sequence = this.#sequence++ & 0xffff;
		this.estimator.onSent(sequence, bytes, this.nowMs);
		const arrival = this.#down.send(bytes, this.nowMs);
		if (arrival !== undefined) entry(this.#atPeer, Math.ceil(arrival)).push({ sequence, atMs: arrival });
	}
}

function entry<T>(map: Map<number, T[]>, at: number): T[] {
	const list = map.get(at) ?? [];
	map.set(at, list);
	return list;
}
