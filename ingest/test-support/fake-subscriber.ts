import type { SubscribedMedia } from "../sdp/session-media.ts";
import { Subscriber, type SubscriberConnection } from "../sfu/subscriber.ts";
import type { MediaConnectionListener } from "../transport/media-connection.ts";
import { agreedCodec } from "./agreed-codec.ts";

const RTX_OFFSET = 1000;

/** Audio under SSRC 100 + slot, video under 200 + slot, retransmissions of video under 1200 + slot. */
function mediaOf(slot: number): SubscribedMedia[] {
	const common = { slot, cname: `slot-${slot}` };
	return [
		{ ...common, kind: "audio", codecs: [agreedCodec("opus", 111)], extensions: { transportCc: 3 }, ssrc: 100 + slot },
		{
			...common,
			kind: "video",
			codecs: [agreedCodec("VP8", 96, ["nack", "nack pli", "transport-cc"], 97), agreedCodec("H264", 102)],
			extensions: { transportCc: 3 },
			ssrc: 200 + slot,
			rtxSsrc: 200 + slot + RTX_OFFSET,
		},
	];
}

class FakeConnection implements SubscriberConnection {
	readonly scratch = Buffer.alloc(2048);
	readonly rtp: Buffer[] = [];
	readonly rtcp: Buffer[] = [];
	connected = false;
	closed = false;

	sendRtp(length: number): void {
		this.rtp.push(Buffer.from(this.scratch.subarray(0, length)));
	}

	sendRtcp(packet: Buffer): void {
		this.rtcp.push(packet);
	}

	close(): void {
		this.closed = true;
		this.connected = false;
	}
}

/** A subscriber with that many slots, without a network under it. `clock` is its steady clock, too. */
export function fakeSubscriber(
	clock: { now(): number },
	{
		slots = 1,
		personId = "p-zzzzzzzzzzzz",
		programme = false,
	}: { slots?: number; personId?: string; programme?: boolean } = {},
) {
	let listener: MediaConnectionListener | undefined;
	const connection = new FakeConnection();
	const subscriber = new Subscriber(
		{
			webinarId: "abcdefghijkl",
			personId,
			session: `session-${personId}`,
			programme,
			media: Array.from({ length: slots }, (_, slot) => mediaOf(slot)).flat(),
			connect(given) {
				listener = given;
				return connection;
			},
		},
		{ clock, steady: clock },
	);
	return {
		subscriber,
		connection,
		connect() {
			connection.connected = true;
			listener?.onConnected();
		},
		receiveRtcp: (packet: Buffer) => listener?.onRtcp(packet),
		/** RTP sent since the last call. */
		sent: () => connection.rtp.splice(0),
	};
}
