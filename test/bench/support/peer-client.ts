import { type DescriptionType, PeerConnection, type Track, Video } from "node-datachannel";
import { sendWhileOpen } from "../../support/send-while-open.ts";

const VP8_PAYLOAD_TYPE = 96;
const CONNECT_DEADLINE_MS = 30_000;

/** A WebRTC peer (libdatachannel) that sends or counts RTP, without looking into it. */
export class PeerClient {
	readonly connected: Promise<void>;
	/** RTP packets that have come. */
	received = 0;
	/** RTP packets that were sent. */
	sent = 0;
	/** Once. */
	onFirstPacket: (() => void) | undefined;
	onKeyframeWanted: () => void = () => {};
	readonly #connection: PeerConnection;
	readonly #gathered: Promise<void>;
	/** libdatachannel's tracks end when nobody refers to them. */
	readonly #tracks: Track[] = [];

	constructor(name: string) {
		const connection = new PeerConnection(name, { iceServers: [] });
		this.#connection = connection;
		this.#gathered = new Promise((resolve) => {
			connection.onGatheringStateChange((state) => {
				if (state === "complete") resolve();
			});
		});
		this.connected = new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${name} did not connect in time`)), CONNECT_DEADLINE_MS);
			connection.onStateChange((state) => {
				if (state === "connected") resolve();
				else if (state === "failed" || state === "closed") reject(new Error(`${name}: connection ${state}`));
				else return;
				clearTimeout(timer);
			});
		});
		this.connected.catch(() => {}); // whoever waits for it is told
		connection.onTrack((track) => this.#count(track));
	}

	addSending(ssrc: number): void {
		const video = new Video("0", "SendOnly");
		video.addVP8Codec(VP8_PAYLOAD_TYPE);
		video.addSSRC(ssrc, `cname-${ssrc}`, `stream-${ssrc}`, `track-${ssrc}`);
		const track = this.#connection.addTrack(video);
		track.onMessage((packet) => {
			if (isKeyframeRequest(packet)) this.onKeyframeWanted();
		});
		this.#tracks.push(track);
	}

	addReceiving(mid: number): void {
		const video = new Video(String(mid), "RecvOnly");
		video.addVP8Codec(VP8_PAYLOAD_TYPE);
		this.#count(this.#connection.addTrack(video));
	}

	/** With all candidates. */
	async offer(): Promise<string> {
		this.#connection.setLocalDescription("offer" as DescriptionType);
		await this.#gathered;
		return this.#connection.localDescription()?.sdp ?? "";
	}

	/** With all candidates. */
	async answer(offer: string): Promise<string> {
		this.#connection.setRemoteDescription(offer, "offer" as DescriptionType);
		await this.#gathered;
		return this.#connection.localDescription()?.sdp ?? "";
	}

	accept(answer: string): void {
		this.#connection.setRemoteDescription(answer, "answer" as DescriptionType);
	}

	/** Counts what could be sent. */
	send(packet: Buffer): void {
		if (sendWhileOpen(this.#tracks[0], packet)) this.sent++;
	}

	close(): void {
		this.#connection.close();
	}

	#count(track: Track): void {
		this.#tracks.push(track);
		track.onMessage((packet) => {
			const type = packet[1] ?? 0;
			if (type >= 192 && type <= 223) return; // RTCP (RFC 5761 section 4)
			this.received++;
			this.onFirstPacket?.();
			this.onFirstPacket = undefined;
		});
	}
}

/** PLI or FIR anywhere in a compound packet. */
function isKeyframeRequest(packet: Buffer): boolean {
	for (let at = 0; at + 4 <= packet.length; at += 4 + 4 * packet.readUInt16BE(at + 2)) {
		const format = packet.readUInt8(at) & 0x1f;
		if (packet.readUInt8(at + 1) === 206 && (format === 1 || format === 4)) return true;
	}
	return false;
}
