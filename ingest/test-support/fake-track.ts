import type { AgreedCodec, MediaKind } from "../sdp/codecs.ts";
import type { ExtensionIds } from "../sdp/session-media.ts";
import type { PublisherTrack, TrackConsumer, TrackLayer, TrackPacket, TrackReport } from "../sfu/track-layer.ts";

/** A publisher's track whose packets a test makes and delivers one by one. */
export class FakeTrack implements PublisherTrack {
	readonly kind: MediaKind;
	readonly clockRate: number;
	readonly extensions: ExtensionIds;
	readonly codec: AgreedCodec;
	readonly layers: FakeLayer[] = [];

	constructor(codec: AgreedCodec, extensions: ExtensionIds = {}) {
		this.kind = codec.codec === "opus" ? "audio" : "video";
		this.clockRate = codec.clockRate;
		this.codec = codec;
		this.extensions = extensions;
	}

	codecOf(): AgreedCodec {
		return this.codec;
	}

	layer(fields: Partial<Pick<FakeLayer, "ssrc" | "rid" | "height" | "bitrate">> = {}): FakeLayer {
		const layer = new FakeLayer(this, fields);
		this.layers.push(layer);
		return layer;
	}
}

export class FakeLayer implements TrackLayer {
	readonly track: FakeTrack;
	ssrc = 0xaa;
	rid: string | undefined;
	width: number | undefined;
	height: number | undefined;
	bitrate = 100_000;
	active = true;
	lastReport: TrackReport | undefined;
	keyframeRequests = 0;
	readonly consumers = new Set<TrackConsumer>();
	readonly #kept = new Map<number, Buffer>();

	constructor(track: FakeTrack, fields: Partial<Pick<FakeLayer, "ssrc" | "rid" | "height" | "bitrate">>) {
		this.track = track;
		Object.assign(this, fields);
	}

	get codec(): AgreedCodec {
		return this.track.codec;
	}

	kept(index: number): Buffer | undefined {
		return this.#kept.get(index);
	}

	requestKeyframe(): void {
		this.keyframeRequests++;
	}

	add(consumer: TrackConsumer): void {
		this.consumers.add(consumer);
	}

	remove(consumer: TrackConsumer): void {
		this.consumers.delete(consumer);
	}

	/** One packet from the publisher; `extensions`: the bytes of a header extension, in hex. */
	deliver({
		index,
		timestamp,
		payload,
		keyframe = false,
		marker = false,
		padding = 0,
		extensions = "bede000110ff0000",
	}: {
		index: number;
		timestamp: number;
		payload: Buffer | string;
		keyframe?: boolean;
		marker?: boolean;
		padding?: number;
		extensions?: string;
	}): void {
		const header = Buffer.alloc(12);
		header.writeUInt8(0x90 | (padding > 0 ? 0x20 : 0), 0);
		header.writeUInt8((marker ? 0x80 : 0) | this.codec.payloadType, 1);
		header.writeUInt16BE(index & 0xffff, 2);
		header.writeUInt32BE(timestamp >>> 0, 4);
		header.writeUInt32BE(this.ssrc, 8);
		const body = typeof payload === "string" ? Buffer.from(payload, "hex") : payload;
		const packet = Buffer.concat([header, Buffer.from(extensions, "hex"), body, Buffer.alloc(padding, padding)]);
		this.#kept.set(index, packet);
		const delivered: TrackPacket = { packet, index, codec: this.codec.codec, keyframe, layer: this };
		for (const consumer of [...this.consumers]) consumer.onPacket(delivered);
	}

	report(ntp: bigint, rtpTimestamp: number, receivedAtMs: number): void {
		const bytes = Buffer.alloc(28);
		bytes.writeUInt32BE(0x80c80006, 0);
		bytes.writeUInt32BE(this.ssrc, 4);
		bytes.writeBigUInt64BE(ntp, 8);
		bytes.writeUInt32BE(rtpTimestamp >>> 0, 16);
		this.lastReport = {
			type: "sender-report",
			ssrc: this.ssrc,
			ntp,
			rtpTimestamp: rtpTimestamp >>> 0,
			bytes,
			receivedAtMs,
		};
		for (const consumer of [...this.consumers]) consumer.onReport(this.lastReport, this);
	}
}

/** A VP8 payload (RFC 7741 section 4.2) with all running numbers, and a body. */
export function vp8Payload(fields: {
	pictureId: number;
	bits?: 7 | 15;
	tl0: number;
	keyIndex: number;
	start: boolean;
	keyframe: boolean;
	body: string;
}): Buffer {
	const pictureId =
		fields.bits === 7 ? [fields.pictureId & 0x7f] : [0x80 | ((fields.pictureId >> 8) & 0x7f), fields.pictureId & 0xff];
	return Buffer.concat([
		Buffer.from([0x80 | (fields.start ? 0x10 : 0), 0xf0, ...pictureId, fields.tl0 & 0xff, fields.keyIndex & 0x1f]),
		Buffer.from([fields.keyframe ? 0 : 1]),
		Buffer.from(fields.body),
	]);
}

export function readVp8(payload: Buffer): { pictureId: number; tl0: number; keyIndex: number; body: string } {
	if (payload.readUInt8(0) >> 7 !== 1 || payload.readUInt8(1) !== 0xf0 || payload.readUInt8(2) >> 7 !== 1)
		throw new Error(`not the descriptor expected: ${payload.toString("hex", 0, 6)}`);
	return {
		pictureId: payload.readUInt16BE(2) & 0x7fff,
		tl0: payload.readUInt8(4),
		keyIndex: payload.readUInt8(5) & 0x1f,
		body: payload.toString("latin1", 7),
	};
}
