import wrtc from "@roamhq/wrtc";
import { startTicks } from "../../../deploy/demo/ticks.ts";
import type { AudioSink, I420Picture, MediaTrack, VideoSink } from "../../../deploy/demo/webrtc.ts";
import { webrtcMedia } from "../../../deploy/demo/webrtc.ts";
import { type Rgb, solidPicture } from "../../support/solid-picture.ts";
import type {
	ClientDescription,
	ClientFactory,
	MediaPeer,
	PlayOptions,
	PublishOptions,
	Received,
	SentLayer,
} from "./media-client.ts";
import { noPage } from "./no-page.ts";

/** What is used of libwebrtc's connection; the package's own types need the DOM's. */
interface Connection {
	readonly connectionState: string;
	readonly localDescription: { sdp: string } | null;
	addTransceiver(track: MediaTrack | "audio" | "video", init: object): void;
	createOffer(options?: { iceRestart: boolean }): Promise<{ type: "offer"; sdp: string }>;
	setLocalDescription(description: { type: "offer"; sdp: string }): Promise<void>;
	setRemoteDescription(description: { type: "answer"; sdp: string }): Promise<void>;
	addEventListener(type: string, listener: (event: { candidate: unknown; track: MediaTrack }) => void): void;
	removeEventListener(type: string, listener: (event: { candidate: unknown; track: MediaTrack }) => void): void;
	getStats(): Promise<Map<string, Record<string, unknown>>>;
	close(): void;
}

const { RTCPeerConnection, MediaStream } = wrtc as unknown as {
	RTCPeerConnection: new (options: { bundlePolicy: "max-bundle" }) => Connection;
	MediaStream: new () => object;
};

const FRAME_RATE = 15;
const TONE_HZ = 440;
/** libwebrtc makes three layers only of a picture this large. */
const SIMULCAST_SIZE = [1280, 720] as const;
const PLAIN_SIZE = [320, 180] as const;
const LOUD = 1000;

/** libwebrtc in this process: what Chromium uses, without a browser. */
const description: ClientDescription = {
	name: "wrtc",
	stack: "libwebrtc",
	decodes: true,
	codecs: ["VP8"],
	sendsSimulcast: true,
	restartsIce: true,
	isBrowser: false,
};

export const wrtcClient: ClientFactory = {
	...description,
	start: async () => ({
		...description,
		createPeer: async () => new WrtcPeer(),
		fetchFromPage: noPage,
		async close() {},
	}),
};

class WrtcPeer implements MediaPeer {
	readonly #connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
	readonly #ends: (() => void)[] = [];
	/** Tracks out of reach are collected, and their media with them. */
	readonly #tracks: MediaTrack[] = [];
	#oldPair: unknown;
	readonly #received: Received = {
		audioPackets: 0,
		videoPackets: 0,
		framesDecoded: 0,
		frameWidth: 0,
		colour: undefined,
		soundHeard: false,
	};

	constructor() {
		this.#connection.addEventListener("track", ({ track }) => this.#watch(track));
	}

	async offerToPublish({ colour, rids }: PublishOptions): Promise<string> {
		const video = new webrtcMedia.RTCVideoSource({ isScreencast: false });
		const audio = new webrtcMedia.RTCAudioSource();
		const [width, height] = rids ? SIMULCAST_SIZE : PLAIN_SIZE;
		const picture = solidPicture(width, height, colour);
		const frames = startTicks(1000 / FRAME_RATE, (index) => video.onFrame(withBar(picture, index)));
		const sound = startTicks(10, (index) => {
			const samples = Int16Array.from(
				{ length: 480 },
				(_, at) => 12_000 * Math.sin((2 * Math.PI * TONE_HZ * (index * 480 + at)) / 48_000),
			);
			audio.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
		});
		this.#ends.push(frames.close, sound.close);
		const streams = [new MediaStream()];
		const tracks = [audio.createTrack(), video.createTrack()];
		this.#tracks.push(...tracks);
		for (const track of tracks) {
			const layers = track.kind === "video" && rids ? { sendEncodings: encodings(rids) } : {};
			this.#connection.addTransceiver(track, { direction: "sendonly", streams, ...layers });
		}
		return this.#offer();
	}

	offerToPlay(_options: PlayOptions): Promise<string> {
		for (const kind of ["audio", "video"] as const) this.#connection.addTransceiver(kind, { direction: "recvonly" });
		return this.#offer();
	}

	applyAnswer(sdp: string): Promise<void> {
		return this.#connection.setRemoteDescription({ type: "answer", sdp });
	}

	async connected(): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const look = () => {
			const state = this.#connection.connectionState;
			if (state === "connected") resolve();
			if (state === "failed" || state === "closed") reject(new Error(`the connection is ${state}`));
		};
		this.#connection.addEventListener("connectionstatechange", look);
		look();
		await promise.finally(() => this.#connection.removeEventListener("connectionstatechange", look));
	}

	async received(): Promise<Received> {
		for (const entry of (await this.#connection.getStats()).values()) {
			if (entry["type"] !== "inbound-rtp") continue;
			const packets = Number(entry["packetsReceived"] ?? 0);
			if (entry["kind"] === "audio") this.#received.audioPackets = packets;
			else this.#received.videoPackets = packets;
		}
		return { ...this.#received };
	}

	async videoSent(): Promise<SentLayer[]> {
		const stats = [...(await this.#connection.getStats()).values()];
		return stats
			.filter((entry) => entry["type"] === "outbound-rtp" && entry["kind"] === "video")
			.map((entry) => ({
				rid: String(entry["rid"] ?? ""),
				packets: Number(entry["packetsSent"] ?? 0),
				reported: stats.some((other) => other["type"] === "remote-inbound-rtp" && other["ssrc"] === entry["ssrc"]),
			}));
	}

	async offerIceRestart(): Promise<string> {
		this.#oldPair = await this.#selectedPair();
		return this.#offer({ iceRestart: true });
	}

	async hasNewPath(): Promise<boolean> {
		const pair = await this.#selectedPair();
		return pair !== undefined && pair !== this.#oldPair;
	}

	async close(): Promise<void> {
		for (const end of this.#ends) end();
		for (const track of this.#tracks) track.stop();
		this.#connection.close();
	}

	/** Id of the candidate pair in use. */
	async #selectedPair(): Promise<unknown> {
		const stats = [...(await this.#connection.getStats()).values()];
		return stats.find(({ type }) => type === "transport")?.["selectedCandidatePairId"];
	}

	/** With every candidate. */
	async #offer(options?: { iceRestart: boolean }): Promise<string> {
		const { promise: gathered, resolve } = Promise.withResolvers<void>();
		const look = ({ candidate }: { candidate: unknown }) => {
			if (!candidate) resolve();
		};
		this.#connection.addEventListener("icecandidate", look);
		await this.#connection.setLocalDescription(await this.#connection.createOffer(options));
		await gathered;
		this.#connection.removeEventListener("icecandidate", look);
		return this.#connection.localDescription?.sdp ?? "";
	}

	#watch(track: MediaTrack): void {
		this.#tracks.push(track);
		if (track.kind === "video") {
			const sink: VideoSink = new webrtcMedia.RTCVideoSink(track);
			sink.onframe = ({ frame }) => {
				this.#received.framesDecoded++;
				this.#received.frameWidth = frame.width;
				this.#received.colour = middleOf(frame);
			};
			this.#ends.push(() => sink.stop());
			return;
		}
		const sink: AudioSink = new webrtcMedia.RTCAudioSink(track);
		sink.ondata = ({ samples }) => {
			if (samples.some((sample) => Math.abs(sample) > LOUD)) this.#received.soundHeard = true;
		};
		this.#ends.push(() => sink.stop());
	}
}

function encodings(rids: string[]): object[] {
	return rids.map((rid, index) => ({ rid, scaleResolutionDownBy: 2 ** (rids.length - 1 - index) }));
}

/** Motion at the lower edge, so that no encoder takes the picture for a still. */
function withBar(picture: I420Picture, index: number): I420Picture {
	const data = new Uint8ClampedArray(picture.data);
	const x = (index * 4) % (picture.width - 8);
	for (let y = picture.height - 16; y < picture.height; y++)
		data.fill(200, y * picture.width + x, y * picture.width + x + 8);
	return { ...picture, data };
}

/** BT.601 limited range. */
function middleOf({ width, height, data }: I420Picture): Rgb {
	const luma = width * height;
	const row = Math.floor(height / 4) * (width / 2) + Math.floor(width / 4);
	const y = 1.164 * ((data[Math.floor(height / 2) * width + Math.floor(width / 2)] ?? 0) - 16);
	const u = (data[luma + row] ?? 0) - 128;
	const v = (data[luma * 1.25 + row] ?? 0) - 128;
	return [y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u];
}
