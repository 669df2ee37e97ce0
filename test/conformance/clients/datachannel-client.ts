import { randomInt } from "node:crypto";
import datachannel, { type PeerConnection, type Track } from "node-datachannel";
import { startTicks } from "../../../deploy/demo/ticks.ts";
import { sendWhileOpen } from "../../support/send-while-open.ts";
import { codeAudio, codeVideo, FRAME_RATE, type FramePayloads, OPUS_PACKET_MS } from "./coded-media.ts";
import type {
	ClientDescription,
	ClientFactory,
	MediaPeer,
	PlayOptions,
	PublishOptions,
	Received,
	SentLayer,
	VideoCodec,
} from "./media-client.ts";
import { noPage } from "./no-page.ts";
import { RtpSender } from "./rtp-sender.ts";

const OPUS = 111;
const VIDEO = 96;
const TONE_HZ = 440;
const REPORT_EVERY_FRAMES = FRAME_RATE;

/** Loops of coded media, and how they go out. */
interface SentMedia {
	video: FramePayloads[];
	audio: Buffer[];
	ssrcs: { audio: number; video: number };
}

/** libdatachannel, the stack of OBS: RTP of coded frames that loop; what comes is counted, not decoded. */
const description: ClientDescription = {
	name: "libdatachannel",
	stack: "libdatachannel",
	decodes: false,
	codecs: ["H264", "VP8"],
	sendsSimulcast: false,
	restartsIce: false,
	isBrowser: false,
};

export const datachannelClient: ClientFactory = {
	...description,
	start: async () => ({
		...description,
		createPeer: async () => new DatachannelPeer(),
		fetchFromPage: noPage,
		// Not datachannel.cleanup(): after connections that carried media it brings the process down.
		async close() {},
	}),
};

class DatachannelPeer implements MediaPeer {
	readonly #connection: PeerConnection = new datachannel.PeerConnection("conformance", {
		iceServers: [],
		disableAutoNegotiation: true,
		forceMediaTransport: true,
	});
	readonly #ends: (() => void)[] = [];
	#audio: Track | undefined;
	#video: Track | undefined;
	readonly #packets = { audio: 0, video: 0, videoSent: 0 };
	/** What is sent once the connection is there. */
	#media: SentMedia | undefined;

	async offerToPublish({ colour, codec: wanted = "H264" }: PublishOptions): Promise<string> {
		const codec = known(wanted);
		const [video, audio] = await Promise.all([codeVideo(codec, colour), codeAudio(TONE_HZ)]);
		const ssrcs = { audio: drawSsrc(), video: drawSsrc() };
		this.#media = { video, audio, ssrcs };
		this.#addTracks("SendOnly", codec, ssrcs);
		return this.#offer();
	}

	offerToPlay({ codec = "H264" }: PlayOptions): Promise<string> {
		this.#addTracks("RecvOnly", known(codec));
		for (const [kind, track] of [
			["audio", this.#audio],
			["video", this.#video],
		] as const) {
			track?.setMediaHandler(new datachannel.RtcpReceivingSession());
			track?.onMessage((message) => {
				const type = message[1] ?? 0;
				if (type < 192 || type > 223) this.#packets[kind]++; // RFC 5761 section 4: those are RTCP
			});
		}
		return this.#offer();
	}

	async applyAnswer(sdp: string): Promise<void> {
		this.#connection.setRemoteDescription(sdp, "answer");
	}

	async connected(): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const look = (state: string) => {
			if (state === "connected") resolve();
			if (state === "failed" || state === "closed") reject(new Error(`the connection is ${state}`));
		};
		this.#connection.onStateChange(look);
		look(this.#connection.state());
		await promise;
		if (this.#media) this.#send(this.#media);
	}

	async received(): Promise<Received> {
		const { audio, video } = this.#packets;
		return {
			audioPackets: audio,
			videoPackets: video,
			framesDecoded: 0,
			frameWidth: 0,
			colour: undefined,
			soundHeard: false,
		};
	}

	async videoSent(): Promise<SentLayer[]> {
		return [{ rid: "", packets: this.#packets.videoSent, reported: false }];
	}

	async offerIceRestart(): Promise<string> {
		throw new Error("libdatachannel restarts no ICE");
	}

	async hasNewPath(): Promise<boolean> {
		return false;
	}

	async close(): Promise<void> {
		for (const end of this.#ends) end();
		this.#connection.close();
	}

	#addTracks(
		direction: "SendOnly" | "RecvOnly",
		codec: "VP8" | "H264",
		ssrcs?: { audio: number; video: number },
	): void {
		const audio = new datachannel.Audio("0", direction);
		audio.addOpusCodec(OPUS);
		const video = new datachannel.Video("1", direction);
		if (codec === "VP8") video.addVP8Codec(VIDEO);
		else video.addH264Codec(VIDEO, "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1");
		if (ssrcs) {
			audio.addSSRC(ssrcs.audio, "conformance", "stream", "audio");
			video.addSSRC(ssrcs.video, "conformance", "stream", "video");
		}
		this.#audio = this.#connection.addTrack(audio);
		this.#video = this.#connection.addTrack(video);
	}

	/** With every candidate. */
	async #offer(): Promise<string> {
		const { promise: gathered, resolve } = Promise.withResolvers<void>();
		this.#connection.onGatheringStateChange((state) => state === "complete" && resolve());
		this.#connection.setLocalDescription("offer");
		await gathered;
		return this.#connection.localDescription()?.sdp ?? "";
	}

	#send({ video, audio, ssrcs }: SentMedia): void {
		const pictures = new RtpSender({ ssrc: ssrcs.video, payloadType: VIDEO, clockRate: 90_000 });
		const sounds = new RtpSender({ ssrc: ssrcs.audio, payloadType: OPUS, clockRate: 48_000 });
		const frames = startTicks(1000 / FRAME_RATE, (index) => {
			const atMs = (index * 1000) / FRAME_RATE;
			const payloads = video[index % video.length] ?? [];
			if (index % REPORT_EVERY_FRAMES === 0) sendWhileOpen(this.#video, pictures.senderReport(atMs));
			for (const [at, payload] of payloads.entries()) {
				const packet = pictures.packet(payload, atMs, at === payloads.length - 1);
				if (sendWhileOpen(this.#video, packet)) this.#packets.videoSent++;
			}
		});
		const sound = startTicks(OPUS_PACKET_MS, (index) => {
			const atMs = index * OPUS_PACKET_MS;
			if (index % (1000 / OPUS_PACKET_MS) === 0) sendWhileOpen(this.#audio, sounds.senderReport(atMs));
			sendWhileOpen(this.#audio, sounds.packet(audio[index % audio.length] ?? Buffer.alloc(0), atMs, false));
		});
		this.#ends.push(frames.close, sound.close);
	}
}

function drawSsrc(): number {
	return 1 + randomInt(2 ** 32 - 2);
}

function known(codec: VideoCodec): "VP8" | "H264" {
	if (codec !== "VP8" && codec !== "H264") throw new RangeError(`libdatachannel is not made to speak ${codec} here`);
	return codec;
}
