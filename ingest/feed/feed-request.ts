import type { Socket } from "node:net";
import {
	type FeedDescription,
	type FeedRequest,
	feedRequestSchema,
	type ProgrammeAnswer,
	type ProgrammeRequest,
	programmeRequestSchema,
} from "../../core/protocol/feed.ts";
import { FrameReader, frame } from "./framing.ts";

const REQUEST_DEADLINE_MS = 5_000;

export type AnyFeedRequest = FeedRequest | ProgrammeRequest;

/**
 * Reads what a connection is for: its first frame. `begin` is called once, with undefined for what is no request or does not
 * come in time; what it returns gets the frames after it.
 */
export function readRequest(
	socket: Socket,
	begin: (request: AnyFeedRequest | undefined) => ((packet: Buffer) => void) | undefined,
): void {
	const reader = new FrameReader();
	let asked = false;
	let onPacket: ((packet: Buffer) => void) | undefined;
	const take = (request: AnyFeedRequest | undefined) => {
		asked = true;
		clearTimeout(deadline);
		onPacket = begin(request);
	};
	const deadline = setTimeout(() => take(undefined), REQUEST_DEADLINE_MS);
	socket.on("data", (chunk) => {
		for (const packet of reader.push(chunk)) {
			if (asked) onPacket?.(packet);
			else take(parseRequest(packet));
		}
	});
	socket.on("close", () => clearTimeout(deadline));
}

export function answerFrame(answer: FeedDescription | ProgrammeAnswer): Buffer {
	return frame(Buffer.from(JSON.stringify(answer)));
}

function parseRequest(packet: Buffer): AnyFeedRequest | undefined {
	try {
		const json: unknown = JSON.parse(packet.toString("utf8"));
		return feedRequestSchema.safeParse(json).data ?? programmeRequestSchema.safeParse(json).data;
	} catch {
		return undefined;
	}
}
