import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
	type AudioSink,
	type I420Picture,
	type PeerConnection,
	RTCPeerConnection,
	type VideoSink,
	webrtcMedia,
} from "../../deploy/demo/webrtc.ts";
import { gatheringDone } from "../../deploy/demo/whip-publisher.ts";

export interface WhipReceiver {
	endpoint: string;
	/** Authorization headers of the POSTs so far. */
	authorizations: (string | undefined)[];
	/** Sessions deleted so far. */
	deleted: number;
	/** Called for every decoded frame, with its arrival in milliseconds. */
	onFrame: (frame: I420Picture, atMs: number) => void;
	/** Called for every 10 ms of decoded sound. */
	onSound: (samples: Int16Array, sampleRate: number, atMs: number) => void;
	/** Ends every session from this side. */
	dropSessions(): void;
	close(): Promise<void>;
}

/** A WHIP endpoint that decodes what it gets with libwebrtc: a judge of publishers that is no part of the product. */
export async function startWhipReceiver(): Promise<WhipReceiver> {
	const connections = new Set<PeerConnection>();
	const sinks = new Set<AudioSink | VideoSink>();

	async function answer(request: IncomingMessage): Promise<string> {
		const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
		connections.add(connection);
		connection.addEventListener("track", ({ track }) => {
			if (track.kind === "video") {
				const sink = new webrtcMedia.RTCVideoSink(track);
				sink.onframe = ({ frame }) => receiver.onFrame(frame, performance.now());
				sinks.add(sink);
			} else {
				const sink = new webrtcMedia.RTCAudioSink(track);
				sink.ondata = ({ samples, sampleRate }) => receiver.onSound(samples, sampleRate, performance.now());
				sinks.add(sink);
			}
		});
		await connection.setRemoteDescription({ type: "offer", sdp: await text(request) });
		await connection.setLocalDescription(await connection.createAnswer());
		await gatheringDone(connection);
		return connection.localDescription?.sdp ?? "";
	}

	const server = createServer(async (request, response) => {
		if (request.method === "DELETE") {
			receiver.deleted++;
			response.writeHead(200).end();
			return;
		}
		receiver.authorizations.push(request.headers.authorization);
		const sdp = await answer(request);
		response.writeHead(201, { "content-type": "application/sdp", location: "/session" }).end(sdp);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");

	function dropSessions(): void {
		for (const sink of sinks) sink.stop();
		for (const connection of connections) connection.close();
		sinks.clear();
		connections.clear();
	}
	const receiver: WhipReceiver = {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/whip/test`,
		authorizations: [],
		deleted: 0,
		onFrame: () => {},
		onSound: () => {},
		dropSessions,
		async close() {
			dropSessions();
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
	return receiver;
}
