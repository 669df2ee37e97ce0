import { connect } from "node:net";
import { type FeedDescription, type FeedRequest, feedDescriptionSchema } from "../../core/protocol/feed.ts";
import { FrameReader, frame } from "../feed/framing.ts";

/** Pulls one publisher as a transcoder does. */
export function pullFeed(feedPath: string, request: FeedRequest | string) {
	const socket = connect(feedPath);
	const reader = new FrameReader();
	const client = {
		description: undefined as FeedDescription | undefined,
		/** RTP and RTCP, in order of arrival. */
		packets: [] as Buffer[],
		ended: false,
		send: (packet: Buffer) => socket.write(frame(packet)),
		pause: () => socket.pause(),
		close: () => socket.destroy(),
	};
	socket.on("data", (chunk) => {
		for (const packet of reader.push(chunk)) {
			if (client.description) client.packets.push(packet);
			else client.description = feedDescriptionSchema.parse(JSON.parse(packet.toString()));
		}
	});
	socket.on("close", () => {
		client.ended = true;
	});
	socket.on("error", () => {});
	client.send(Buffer.from(typeof request === "string" ? request : JSON.stringify(request)));
	return client;
}
