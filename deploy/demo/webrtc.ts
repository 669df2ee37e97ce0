import wrtc from "@roamhq/wrtc";

/** The few parts of libwebrtc that the synthetic presenters use. The package's own types need the DOM's. */
export interface PeerConnection {
	readonly connectionState: "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";
	readonly iceGatheringState: "new" | "gathering" | "complete";
	readonly localDescription: { sdp: string } | null;
	addTransceiver(track: MediaTrack | "audio" | "video", init: { direction: "sendonly" | "recvonly" }): void;
	createOffer(): Promise<{ type: "offer"; sdp: string }>;
	createAnswer(): Promise<{ type: "answer"; sdp: string }>;
	setLocalDescription(description: { type: "offer" | "answer"; sdp: string }): Promise<void>;
	setRemoteDescription(description: { type: "offer" | "answer"; sdp: string }): Promise<void>;
	addEventListener(type: "connectionstatechange" | "icegatheringstatechange", listener: () => void): void;
	addEventListener(type: "track", listener: (event: { track: MediaTrack }) => void): void;
	close(): void;
}

export interface MediaTrack {
	readonly kind: "audio" | "video";
	stop(): void;
}

/** Planar YUV 4:2:0, limited range: all Y, then all U, then all V. Width and height are even. */
export interface I420Picture {
	width: number;
	height: number;
	data: Uint8ClampedArray;
}

export interface VideoSource {
	createTrack(): MediaTrack;
	/** Takes a copy. The time of the call is the frame's capture time. */
	onFrame(picture: I420Picture): void;
}

/** 10 ms of mono sound. */
export interface SoundChunk {
	samples: Int16Array;
	sampleRate: 48000;
	bitsPerSample: 16;
	channelCount: 1;
	numberOfFrames: 480;
}

export interface AudioSource {
	createTrack(): MediaTrack;
	onData(chunk: SoundChunk): void;
}

export interface VideoSink {
	onframe: (event: { frame: I420Picture }) => void;
	stop(): void;
}

export interface AudioSink {
	ondata: (data: { samples: Int16Array; sampleRate: number; channelCount: number }) => void;
	stop(): void;
}

interface Webrtc {
	RTCPeerConnection: new (options: { bundlePolicy: "max-bundle" }) => PeerConnection;
	nonstandard: {
		RTCVideoSource: new (options: { isScreencast: boolean }) => VideoSource;
		RTCAudioSource: new () => AudioSource;
		RTCVideoSink: new (track: MediaTrack) => VideoSink;
		RTCAudioSink: new (track: MediaTrack) => AudioSink;
		rgbaToI420(rgba: { width: number; height: number; data: Uint8ClampedArray }, i420: I420Picture): void;
	};
}

export const { RTCPeerConnection, nonstandard: webrtcMedia } = wrtc as unknown as Webrtc;
