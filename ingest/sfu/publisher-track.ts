import type { Clock } from "../../core/runtime/clock.ts";
import type { PublisherTime } from "../rtp/publisher-time.ts";
import type { RoundTrip } from "../rtp/round-trip.ts";
import { payloadTypeOf } from "../rtp/rtp-packet.ts";
import type { AgreedCodec, MediaKind } from "../sdp/codecs.ts";
import type { ExtensionIds, PublishedMedia } from "../sdp/session-media.ts";
import { layerOrder } from "./layer-order.ts";
import { PublisherLayer } from "./publisher-layer.ts";
import type { PublisherTrack } from "./track-layer.ts";

/** One m= line of a publisher and the layers that have come of it. */
export class LayeredTrack implements PublisherTrack {
	readonly kind: MediaKind;
	readonly clockRate: number;
	readonly extensions: ExtensionIds;
	readonly #rids: string[];
	readonly #clock: Clock;
	readonly #roundTrip: RoundTrip;
	readonly #time: PublisherTime;
	/** By payload type: of the codec, and of its retransmissions. */
	readonly #codecs: (AgreedCodec | undefined)[] = Array(128).fill(undefined);
	readonly #repaired: (AgreedCodec | undefined)[] = Array(128).fill(undefined);
	/** By encoding, as they came. */
	readonly #layers: (PublisherLayer | undefined)[] = [];
	#ordered: readonly PublisherLayer[] = [];

	constructor(
		media: PublishedMedia,
		{ clock, roundTrip, time }: { clock: Clock; roundTrip: RoundTrip; time: PublisherTime },
	) {
		this.kind = media.kind;
		this.clockRate = media.codecs[0]?.clockRate ?? 90_000;
		this.extensions = media.extensions;
		this.#rids = media.rids;
		this.#clock = clock;
		this.#roundTrip = roundTrip;
		this.#time = time;
		for (const codec of media.codecs) {
			this.#codecs[codec.payloadType] = codec;
			if (codec.rtxPayloadType !== undefined) this.#repaired[codec.rtxPayloadType] = codec;
		}
	}

	get layers(): readonly PublisherLayer[] {
		return this.#ordered;
	}

	/** When a packet with a payload last came of any layer. */
	get newestPayloadMs(): number {
		let newest = Number.NEGATIVE_INFINITY;
		for (const { lastPayloadMs } of this.#ordered) newest = Math.max(newest, lastPayloadMs);
		return newest;
	}

	codecOf(packet: Buffer): AgreedCodec | undefined {
		return this.#codecs[payloadTypeOf(packet)];
	}

	/** Of the packet that a retransmission carries. */
	repairedCodecOf(packet: Buffer): AgreedCodec | undefined {
		return this.#repaired[payloadTypeOf(packet)];
	}

	/** What carries an encoding now. */
	layer(encoding: number): PublisherLayer | undefined {
		return this.#layers[encoding];
	}

	/** A layer that begins, in the place of an earlier one of the same encoding. */
	begin(encoding: number, ssrc: number, codec: AgreedCodec): PublisherLayer {
		this.#layers[encoding]?.end();
		const layer = new PublisherLayer(
			{ track: this, ssrc, rid: this.#rids[encoding], codec },
			{ clock: this.#clock, roundTrip: this.#roundTrip, time: this.#time },
		);
		this.#layers[encoding] = layer;
		this.#ordered = [];
		for (const one of this.#layers) if (one) this.#ordered = [...this.#ordered, one];
		this.order();
		return layer;
	}

	/** Puts the layers in order of quality, as far as is known now. */
	order(): void {
		if (this.#ordered.length > 1) this.#ordered = layerOrder(this.#ordered);
	}
}
