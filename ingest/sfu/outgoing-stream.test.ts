import { expect, test } from "vitest";
import { readRtcp } from "../rtp/rtcp-read.ts";
import { rtpPayload, sequenceOf, ssrcOf, timestampOf } from "../rtp/rtp-packet.ts";
import type { AgreedCodec, CodecName } from "../sdp/codecs.ts";
import { OutgoingStream } from "./outgoing-stream.ts";
import { PublisherTrack } from "./publisher-track.ts";

const KEY = "10009d012a";
const DELTA = "1001";

function codec(name: CodecName, payloadType: number, clockRate = 90_000): AgreedCodec {
	return { codec: name, name, payloadType, clockRate, channels: undefined, parameters: "", feedback: ["nack"] };
}

function rtp({
	sequence,
	timestamp,
	payload,
	payloadType = 96,
}: {
	sequence: number;
	timestamp: number;
	payload: string;
	payloadType?: number;
}) {
	// With a header extension of the publisher's, which nobody else may see.
	const head = Buffer.from("9000000000000000000000aabede000110ff0000", "hex");
	head.writeUInt8(payloadType, 1);
	head.writeUInt16BE(sequence & 0xffff, 2);
	head.writeUInt32BE(timestamp >>> 0, 4);
	return Buffer.concat([head, Buffer.from(payload, "hex")]);
}

function setUp() {
	const clock = { nowMs: 1000, now: () => clock.nowMs };
	const rtpOut: Buffer[] = [];
	const rtcpOut: Buffer[] = [];
	const sender = {
		sendRtp: (packet: Buffer) => rtpOut.push(packet),
		sendRtcp: (packet: Buffer) => rtcpOut.push(packet),
	};
	const stream = new OutgoingStream(
		{ kind: "video", ssrc: 0x5107, cname: "slot", codecs: [codec("H264", 102), codec("VP8", 120)], sender },
		{ clock },
	);
	const track = (name: CodecName = "VP8", payloadType = 96) =>
		new PublisherTrack(
			{ kind: "video", ssrc: 0xaa, codecs: [codec(name, payloadType)], first: codec(name, payloadType) },
			{ clock },
		);
	return {
		clock,
		stream,
		track,
		rtpOut,
		rtcpOut,
		sequences: () => rtpOut.map(sequenceOf),
		payloads: () => rtpOut.map((packet) => rtpPayload(packet).toString("hex")),
	};
}

test("nothing passes before a keyframe, which is asked for; then all does, under the slot's name", () => {
	const { stream, track, rtpOut, payloads } = setUp();
	const source = track();
	stream.attach(source);
	expect(source.keyframeDue()).toBe(true);
	source.receive(rtp({ sequence: 10, timestamp: 0, payload: DELTA }));
	source.receive(rtp({ sequence: 11, timestamp: 3000, payload: KEY }));
	source.receive(rtp({ sequence: 12, timestamp: 6000, payload: DELTA }));
	// Late, and from before the keyframe.
	source.receive(rtp({ sequence: 9, timestamp: 0, payload: DELTA }));
	expect(payloads()).toEqual([KEY, DELTA]);
	expect(rtpOut.map((packet) => [packet.readUInt8(0), packet.readUInt8(1), ssrcOf(packet)])).toEqual([
		[0x80, 120, 0x5107],
		[0x80, 120, 0x5107],
	]);
});

test("another source goes on with the next sequence number and the time that has passed, whatever its own were", () => {
	const { clock, stream, track, rtpOut, sequences } = setUp();
	const first = track();
	stream.attach(first);
	first.receive(rtp({ sequence: 65_534, timestamp: 0xffff_fff0, payload: KEY }));
	first.receive(rtp({ sequence: 65_535, timestamp: 0xffff_fff0 + 3000, payload: DELTA }));
	first.receive(rtp({ sequence: 0, timestamp: 0xffff_fff0 + 6000, payload: DELTA }));
	const second = track("H264", 105);
	stream.attach(second);
	clock.nowMs += 500;
	first.receive(rtp({ sequence: 1, timestamp: 9000, payload: KEY }));
	second.receive(rtp({ sequence: 30_000, timestamp: 77, payload: "6742", payloadType: 105 }));
	second.receive(rtp({ sequence: 30_001, timestamp: 3077, payload: "41", payloadType: 105 }));
	const [start = 0] = sequences();
	expect(sequences()).toEqual([0, 1, 2, 3, 4].map((step) => start + step));
	const timestamps = rtpOut.map(timestampOf);
	expect(timestamps.map((timestamp) => (timestamp - (timestamps[0] ?? 0)) >>> 0)).toEqual([
		0,
		3000,
		6000,
		6000 + 45_000,
		9000 + 45_000,
	]);
	expect(rtpOut.map((packet) => packet.readUInt8(1))).toEqual([120, 120, 120, 102, 102]);
});

test("a lost packet is sent again from the history, but not twice at once, nor from before the switch", () => {
	const { clock, stream, track, rtpOut, sequences } = setUp();
	const first = track();
	stream.attach(first);
	first.receive(rtp({ sequence: 5, timestamp: 0, payload: KEY }));
	const second = track();
	stream.attach(second);
	second.receive(rtp({ sequence: 500, timestamp: 0, payload: KEY }));
	// 501 is lost on its way here.
	second.receive(rtp({ sequence: 502, timestamp: 3000, payload: `${DELTA}02` }));
	const [old = 0, key = 0, after = 0] = sequences();
	expect(after).toBe(key + 2);
	const sent = [...rtpOut];
	rtpOut.length = 0;
	stream.onNack([old, after, key + 1, after + 1]);
	stream.onNack([after]);
	expect(rtpOut).toEqual([sent[2]]);
	clock.nowMs += 100;
	stream.onNack([key, after]);
	expect(rtpOut).toEqual([sent[2], sent[1], sent[2]]);
	second.receive(rtp({ sequence: 501, timestamp: 0, payload: `${DELTA}01` }));
	expect(sequenceOf(rtpOut.at(-1) as Buffer)).toBe(key + 1);
});

test("reports carry the publisher's clock on, in the slot's timestamps", async () => {
	const { clock, stream, track, rtpOut, rtcpOut } = setUp();
	const source = track();
	stream.attach(source);
	source.receive(rtp({ sequence: 1, timestamp: 10_000, payload: KEY }));
	await Promise.resolve();
	expect(rtcpOut).toEqual([]);
	const ntp = 0xe2345678_40000000n;
	source.onReport({ type: "sender-report", ssrc: 0xaa, ntp, rtpTimestamp: 10_000 + 900, bytes: Buffer.alloc(0) });
	clock.nowMs += 2500;
	stream.sendReport();
	const reports = rtcpOut.flatMap((packet) => readRtcp(packet));
	const outTimestamp = timestampOf(rtpOut[0] as Buffer);
	expect(reports).toMatchObject([
		{ type: "sender-report", ssrc: 0x5107, ntp },
		{ type: "sender-report", ssrc: 0x5107, ntp: 0xe234567a_c0000000n },
	]);
	expect(
		reports.map((report) => report.type === "sender-report" && (report.rtpTimestamp - outTimestamp) >>> 0),
	).toEqual([900, 900 + 225_000]);
	expect(rtcpOut[1]?.readUInt32BE(20)).toBe(1);
});

test("a report that does not fit the media is junk", () => {
	const { track, clock } = setUp();
	const source = track();
	const report = { type: "sender-report" as const, ssrc: 0xaa, ntp: 1n << 32n, bytes: Buffer.alloc(0) };
	source.onReport({ ...report, rtpTimestamp: 0 });
	source.receive(rtp({ sequence: 1, timestamp: 10_000_000, payload: KEY }));
	source.onReport({ ...report, rtpTimestamp: 0xffff_ffff });
	expect(source.lastReport).toBeUndefined();
	source.onReport({ ...report, rtpTimestamp: 10_090_000 });
	expect(source.lastReport).toMatchObject({ rtpTimestamp: 10_090_000, receivedAtMs: clock.nowMs });
});

test("many who want a keyframe make one request every half second, until it comes", () => {
	const { clock, track } = setUp();
	const source = track();
	source.requestKeyframe();
	source.requestKeyframe();
	expect([source.keyframeDue(), source.keyframeDue()]).toEqual([true, false]);
	clock.nowMs += 500;
	expect(source.keyframeDue()).toBe(true);
	clock.nowMs += 500;
	source.receive(rtp({ sequence: 1, timestamp: 0, payload: KEY }));
	expect(source.keyframeDue()).toBe(false);
	source.requestKeyframe();
	expect(source.keyframeDue()).toBe(true);
});
