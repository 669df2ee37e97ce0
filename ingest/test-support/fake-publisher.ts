import { readRtcp } from "../rtp/rtcp-read.ts";
import type { AgreedCodec, CodecName } from "../sdp/codecs.ts";
import { Publisher } from "../sfu/publisher.ts";
import type { MediaConnection, MediaConnectionListener } from "../transport/media-connection.ts";

export function agreedCodec(codec: CodecName, payloadType: number, feedback: string[] = []): AgreedCodec {
	const clockRate = codec === "opus" ? 48_000 : 90_000;
	return { codec, name: codec, payloadType, clockRate, channels: undefined, parameters: "", feedback };
}

/** A packet whose payload is `payload`, in hex. */
export function rtpPacket(fields: {
	payloadType: number;
	ssrc: number;
	sequence: number;
	timestamp?: number;
	payload: string;
}): Buffer {
	const header = Buffer.alloc(12, 0x80);
	header.writeUInt8(fields.payloadType, 1);
	header.writeUInt16BE(fields.sequence & 0xffff, 2);
	header.writeUInt32BE(fields.timestamp ?? 0, 4);
	header.writeUInt32BE(fields.ssrc, 8);
	return Buffer.concat([header, Buffer.from(fields.payload, "hex")]);
}

/** A publisher of Opus (payload type 111), VP8 (96) and H.264 (102) without a network under it. */
export function fakePublisher(clock: { now(): number }) {
	const rtcpOut: Buffer[] = [];
	let listener: MediaConnectionListener | undefined;
	const connection = { connected: true, close() {}, sendRtcp: (packet: Buffer) => rtcpOut.push(packet) };
	const videoFeedback = ["nack", "nack pli", "goog-remb"];
	const publisher = new Publisher(
		{
			webinarId: "abcdefghijkl",
			personId: "p-aaaaaaaaaaaa",
			session: "session",
			media: [
				{ kind: "audio", codecs: [agreedCodec("opus", 111)], audioLevelId: 1 },
				{
					kind: "video",
					codecs: [agreedCodec("VP8", 96, videoFeedback), agreedCodec("H264", 102, videoFeedback)],
					audioLevelId: undefined,
				},
			],
			connect(given) {
				listener = given;
				return connection as unknown as MediaConnection;
			},
		},
		{ clock },
	);
	return {
		publisher,
		receive: (packet: Buffer) => listener?.onRtp(packet),
		receiveRtcp: (packet: Buffer) => listener?.onRtcp(packet),
		/** What was sent to the publisher since the last call. */
		sent: () => rtcpOut.splice(0),
		feedback: () => rtcpOut.splice(0).flatMap((packet) => readRtcp(packet)),
	};
}
