import { connect, type Socket } from "node:net";
import { type FeedDescription, type FeedRequest, feedDescriptionSchema } from "../../core/protocol/feed.ts";
import { FrameReader, frame } from "../feed/framing.ts";

/** Pulls one publisher as a transcoder does: it asks again where it is sent to. */
export function pullFeed(feedPath: string, request: FeedRequest | string) {
	const asked = frame(Buffer.from(typeof request === "string" ? request : JSON.stringify(request)));
	let socket = open(feedPath);
	const client = {
		description: undefined as Exclude<FeedDescription, { redirect: string }> | undefined,
		/** RTP and RTCP, in order of arrival. */
		packets: [] as Buffer[],
		ended: false,
		send: (packet: Buffer) => socket.write(frame(packet)),
		pause: () => socket.pause(),
		close: () => socket.destroy(),
	};
	return client;

	function open(path: string): Socket {
		const opened = connect(path);
		const reader = new FrameReader();
		opened.on("data", (chunk) => {
			for (const packet of reader.push(chunk)) {
				if (client.description) client.packets.push(packet);
				else describe(feedDescriptionSchema.parse(JSON.parse(packet.toString())));
			}
		});
		opened.on("close", () => {
			if (opened === socket) client.ended = true;
		});
		opened.on("error", () => {});
		opened.write(asked);
		return opened;
	}

	function describe(description: FeedDescription): void {
		if (!("redirect" in description)) {
			client.description = description;
			return;
		}
		const before = socket;
		socket = open(description.redirect);
		before.destroy();
	}
}
