import { performance } from "node:perf_hooks";
import type { PeerClient } from "./peer-client.ts";

const TICK_MS = 10;
const PACKETS_A_FRAME = 10;
const FRAME_TICKS = 3000;
const HEADER_BYTES = 12;
const PAYLOAD_TYPE = 96;
const DESCRIPTOR_BYTES = 4;

/**
 * VP8 as its RTP looks (RFC 7741), with nothing in it that a decoder could show: frames of ten packets, descriptors with a
 * picture id, a keyframe at the start and whenever one is asked for.
 */
class VideoSource {
	readonly client: PeerClient;
	readonly #packet: Buffer;
	#sequence = 1000;
	#timestamp = 90_000;
	#pictureId = 1;
	#inFrame = 0;
	#keyframe = true;
	#keyframeWanted = false;

	constructor(client: PeerClient, ssrc: number, packetBytes: number) {
		this.client = client;
		this.#packet = Buffer.alloc(packetBytes, 0xa5);
		this.#packet.writeUInt8(0x80, 0);
		this.#packet.writeUInt32BE(ssrc, 8);
		client.onKeyframeWanted = () => {
			this.#keyframeWanted = true;
		};
	}

	send(): void {
		const packet = this.#packet;
		if (this.#inFrame === 0) {
			this.#keyframe ||= this.#keyframeWanted;
			this.#keyframeWanted = false;
		}
		const last = this.#inFrame === PACKETS_A_FRAME - 1;
		packet.writeUInt8(PAYLOAD_TYPE | (last ? 0x80 : 0), 1);
		packet.writeUInt16BE(this.#sequence, 2);
		packet.writeUInt32BE(this.#timestamp, 4);
		// Extended, and the start of a partition in the frame's first packet; then a picture id of 15 bits.
		packet.writeUInt8(0x80 | (this.#inFrame === 0 ? 0x10 : 0), HEADER_BYTES);
		packet.writeUInt8(0x80, HEADER_BYTES + 1);
		packet.writeUInt16BE(0x8000 | this.#pictureId, HEADER_BYTES + 2);
		// RFC 6386 section 9.1: frame tag, and in a keyframe start code, width and height.
		const body = HEADER_BYTES + DESCRIPTOR_BYTES;
		if (this.#keyframe) packet.write("1002009d012a8002e001", body, "hex");
		else packet.writeUInt8(0x31, body);
		this.client.send(packet);
		this.#sequence = (this.#sequence + 1) & 0xffff;
		this.#inFrame++;
		if (last) {
			this.#inFrame = 0;
			this.#keyframe = false;
			this.#pictureId = (this.#pictureId + 1) & 0x7fff;
			this.#timestamp = (this.#timestamp + FRAME_TICKS) >>> 0;
		}
	}
}

export interface VideoLoad {
	stop(): void;
}

/** Sends from every client, evenly, until it is stopped. */
export function startVideo(clients: PeerClient[], packetsPerSecond: number, packetBytes: number): VideoLoad {
	const sources = clients.map((client, at) => new VideoSource(client, ssrcOf(at), packetBytes));
	const startedMs = performance.now();
	let sent = 0;
	const timer = setInterval(() => {
		const due = Math.floor(((performance.now() - startedMs) / 1000) * packetsPerSecond);
		for (; sent < due; sent++) for (const source of sources) source.send();
	}, TICK_MS);
	return { stop: () => clearInterval(timer) };
}

export const ssrcOf = (participant: number): number => 10_000 + participant;
