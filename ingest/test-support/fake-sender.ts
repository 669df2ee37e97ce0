import { readRtcp } from "../rtp/rtcp-read.ts";
import type { MediaSender } from "../sfu/media-sender.ts";
import type { SentPackets } from "../sfu/sent-packets.ts";

/** What a subscriber's connection would send, in the clear. */
export class FakeSender implements MediaSender, SentPackets {
	readonly scratch = Buffer.alloc(2048);
	/** In order of sending. */
	readonly rtp: { index: number; packet: Buffer }[] = [];
	readonly rtcp: Buffer[] = [];
	nextSequence = 100;
	/** Bytes, as the congestion control hears of them. */
	readonly sizes: number[] = [];

	sendRtp(length: number, index: number): void {
		this.rtp.push({ index, packet: Buffer.from(this.scratch.subarray(0, length)) });
		this.scratch.fill(0xee);
	}

	sendRtcp(packet: Buffer): void {
		this.rtcp.push(packet);
	}

	onSent(bytes: number): void {
		this.nextSequence++;
		this.sizes.push(bytes);
	}

	/** What was sent since the last call. */
	take(): { index: number; packet: Buffer }[] {
		return this.rtp.splice(0);
	}

	reports() {
		return this.rtcp.splice(0).flatMap((packet) => readRtcp(packet));
	}
}
