import type { MediaSource } from "../../core/protocol/stage.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { Publisher } from "../sfu/publisher.ts";
import type { MediaConnectionListener } from "../transport/media-connection.ts";
import { agreedCodec } from "./agreed-codec.ts";

/** A packet whose payload is `payload`, in hex. `extensions`: by id, at most 16 bytes each. */
export function rtpPacket(fields: {
	payloadType: number;
	ssrc: number;
	sequence: number;
	timestamp?: number;
	payload: string;
	extensions?: Record<number, string | Buffer>;
	/** Bytes of padding at the end. */
	padding?: number;
}): Buffer {
	const { extensions, padding = 0 } = fields;
	const header = Buffer.alloc(12);
	header.writeUInt8(0x80 | (extensions ? 0x10 : 0) | (padding > 0 ? 0x20 : 0), 0);
	header.writeUInt8(fields.payloadType, 1);
	header.writeUInt16BE(fields.sequence & 0xffff, 2);
	header.writeUInt32BE((fields.timestamp ?? 0) >>> 0, 4);
	header.writeUInt32BE(fields.ssrc, 8);
	const end = Buffer.alloc(padding, padding);
	return Buffer.concat([
		header,
		extensions ? extensionBlock(extensions) : Buffer.alloc(0),
		Buffer.from(fields.payload, "hex"),
		end,
	]);
}

/** One-byte form (RFC 8285 section 4.2). */
function extensionBlock(extensions: Record<number, string | Buffer>): Buffer {
	const elements = Object.entries(extensions).flatMap(([id, value]) => {
		const data = typeof value === "string" ? Buffer.from(value, "latin1") : value;
		return [Buffer.from([(Number(id) << 4) | (data.length - 1)]), data];
	});
	const data = Buffer.concat(elements);
	const block = Buffer.alloc(4 + ((data.length + 3) & ~3));
	block.writeUInt16BE(0xbede, 0);
	block.writeUInt16BE((block.length - 4) / 4, 2);
	data.copy(block, 4);
	return block;
}

const videoFeedback = ["nack", "nack pli", "goog-remb"];

/** Opus (payload type 111) with audio levels under extension 1, VP8 (96) and H.264 (102). */
const plainMedia: PublishedMedia[] = [
	{ kind: "audio", codecs: [agreedCodec("opus", 111)], extensions: { audioLevel: 1 }, rids: [], ssrcs: [] },
	{
		kind: "video",
		codecs: [agreedCodec("VP8", 96, videoFeedback), agreedCodec("H264", 102, videoFeedback)],
		extensions: {},
		rids: [],
		ssrcs: [],
	},
];

/** A publisher without a network under it. */
export function fakePublisher(
	clock: { now(): number },
	{
		media = plainMedia,
		personId = "p-aaaaaaaaaaaa",
		source = "camera",
	}: { media?: PublishedMedia[]; personId?: string; source?: MediaSource } = {},
) {
	const rtcpOut: Buffer[] = [];
	let listener: MediaConnectionListener | undefined;
	const connection = { connected: true, close() {}, sendRtcp: (packet: Buffer) => void rtcpOut.push(packet) };
	const publisher = new Publisher(
		{
			webinarId: "abcdefghijkl",
			personId,
			session: `session-${personId}-${source}`,
			source,
			media,
			connect(given) {
				listener = given;
				return connection;
			},
		},
		{ clock },
	);
	return {
		publisher,
		connect: () => listener?.onConnected(),
		receive: (packet: Buffer) => listener?.onRtp(packet),
		receiveRtcp: (packet: Buffer) => listener?.onRtcp(packet),
		/** What was sent to the publisher since the last call. */
		sent: () => rtcpOut.splice(0),
		/** The requests among that. */
		feedback: () =>
			rtcpOut.splice(0).flatMap((packet) => readRtcp(packet).filter(({ type }) => type !== "receiver-report")),
	};
}
