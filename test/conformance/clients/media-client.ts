import type { Rgb } from "../../support/solid-picture.ts";

export type VideoCodec = "VP8" | "H264" | "VP9" | "AV1";

export interface PublishOptions {
	/** Fills the picture. */
	colour: Rgb;
	/** Default: what the client prefers. */
	codec?: VideoCodec;
	/** Simulcast layers by their rids, the smallest first; each has twice the width of the one before. */
	rids?: string[];
}

export interface PlayOptions {
	/** Take this video codec only. */
	codec?: VideoCodec;
}

/** What one connection has taken from the server so far. */
export interface Received {
	audioPackets: number;
	videoPackets: number;
	/** Frames shown; stays 0 in a client that does not decode. */
	framesDecoded: number;
	/** Pixels; 0 before the first frame. */
	frameWidth: number;
	/** Middle of the newest frame. */
	colour: Rgb | undefined;
	/** Something other than silence came out of the decoder. */
	soundHeard: boolean;
}

/** One RTP stream of video that is sent. */
export interface SentLayer {
	/** "" without simulcast. */
	rid: string;
	packets: number;
	/** The server has sent a receiver report for it. */
	reported: boolean;
}

/** One WebRTC connection of a client. It knows no HTTP: offers and answers go through the suite. */
export interface MediaPeer {
	/** An offer to publish audio and video, sendonly, with every candidate. Media is sent from the answer on. */
	offerToPublish(options: PublishOptions): Promise<string>;
	/** An offer to play audio and video, recvonly, with every candidate. */
	offerToPlay(options: PlayOptions): Promise<string>;
	applyAnswer(sdp: string): Promise<void>;
	/** Resolves once ICE and DTLS are done. @throws Error when they fail */
	connected(): Promise<void>;
	received(): Promise<Received>;
	videoSent(): Promise<SentLayer[]>;
	/** A new offer with new ICE credentials and candidates; `applyAnswer` ends the restart. */
	offerIceRestart(): Promise<string>;
	/** ICE has found a path with the credentials of the last restart. */
	hasNewPath(): Promise<boolean>;
	/** Without a word to the server. */
	close(): Promise<void>;
}

export interface PageRequest {
	method: string;
	headers: Record<string, string>;
	body?: string;
}

export interface PageAnswer {
	status: number;
	/** Those that CORS lets the page see, names in lower case. */
	headers: Record<string, string>;
}

/** What is known of a WebRTC stack before it is started. */
export interface ClientDescription {
	/** Short, for ids and tables. */
	readonly name: string;
	/** The stack inside. */
	readonly stack: string;
	/** It shows what it receives; others count packets. */
	readonly decodes: boolean;
	/** Video codecs it can send and, if it decodes, decode. */
	readonly codecs: readonly VideoCodec[];
	readonly sendsSimulcast: boolean;
	readonly restartsIce: boolean;
	/** It is a browser, whose page is of another origin than the server. */
	readonly isBrowser: boolean;
}

/** A WebRTC stack that runs. */
export interface MediaClient extends ClientDescription {
	createPeer(): Promise<MediaPeer>;
	/** What the page may read of an answer. @throws Error where CORS forbids the request, or where there is no page */
	fetchFromPage(url: string, request: PageRequest): Promise<PageAnswer>;
	close(): Promise<void>;
}

export interface ClientFactory extends ClientDescription {
	start(): Promise<MediaClient>;
}
