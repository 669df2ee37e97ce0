import { expect, test } from "vitest";
import { ntpOf } from "../rtp/round-trip.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import { senderReport } from "../rtp/rtcp-write.ts";
import { NOT_ARRIVED, TransportFeedback } from "../rtp/transport-feedback-reader.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";

const KEY = "10009d012a";
const video = (sequence: number, payload = "1001", ssrc = 9) => rtpPacket({ payloadType: 96, ssrc, sequence, payload });

function setUp() {
	const clock = { nowMs: 1000, now: () => clock.nowMs };
	return { clock, ...fakePublisher(clock) };
}

test("every second it gets a report on each of its streams, and the bitrate it may send", () => {
	const { clock, publisher, receive, receiveRtcp, sent } = setUp();
	receive(video(1, KEY));
	receive(rtpPacket({ payloadType: 111, ssrc: 5, sequence: 7, payload: "fc" }));
	receiveRtcp(senderReport({ ssrc: 9, ntp: 0xe2345678_80000000n, rtpTimestamp: 0, packets: 1, octets: 1 }));
	clock.nowMs += 100;
	publisher.tick();
	publisher.tick();
	const [report, ...more] = sent();
	expect(more).toEqual([]);
	expect(report?.subarray(0, 2)).toEqual(Buffer.from([0x82, 201]));
	expect([report?.readUInt32BE(8), report?.readUInt32BE(32)]).toEqual([5, 9]);
	// The round trip's numbers of the video's block: middle of the NTP timestamp, then 100 ms in 1/65536 s.
	expect([report?.readUInt32BE(48), report?.readUInt32BE(52)]).toEqual([0x56788000, 6554]);
	const remb = report?.indexOf("REMB") ?? -1;
	expect(report?.toString("hex", remb + 4, remb + 12)).toBe("0112dc6c00000009");
	clock.nowMs += 999;
	publisher.tick();
	expect(sent()).toEqual([]);
	clock.nowMs += 1;
	publisher.tick();
	expect(sent()).toHaveLength(1);
});

test("it is asked for lost video, and for a keyframe when somebody wants one", () => {
	const { clock, publisher, receive, sent, feedback } = setUp();
	receive(video(65_534, KEY));
	publisher.tick();
	sent();
	receive(video(65_537));
	clock.nowMs += 20;
	publisher.track("video")?.layers[0]?.requestKeyframe();
	publisher.tick();
	expect(feedback()).toEqual([
		{ type: "nack", mediaSsrc: 9, sequences: [65_535, 0] },
		{ type: "keyframe-request", mediaSsrc: 9 },
	]);
	publisher.track("video")?.layers[0]?.requestKeyframe();
	clock.nowMs += 20;
	publisher.tick();
	expect(feedback()).toEqual([]);
});

test("another SSRC takes a track over only once the first is silent; what was not agreed is dropped", () => {
	const { clock, publisher, receive } = setUp();
	let changes = 0;
	publisher.on("tracks", () => changes++);
	receive(video(1, KEY));
	receive(video(1, KEY, 10));
	receive(rtpPacket({ payloadType: 97, ssrc: 11, sequence: 1, payload: "00" }));
	expect(publisher.tracks.flatMap(({ layers }) => layers.map(({ ssrc }) => ssrc))).toEqual([9]);
	clock.nowMs += 1000;
	receive(video(1, KEY, 10));
	expect(publisher.tracks.flatMap(({ layers }) => layers.map(({ ssrc }) => ssrc))).toEqual([10]);
	expect([changes, publisher.packets]).toEqual([2, 2]);
});

test("a change of codec is told, at the next tick", () => {
	const { publisher, receive } = setUp();
	receive(video(1, KEY));
	let changes = 0;
	publisher.on("tracks", () => changes++);
	receive(rtpPacket({ payloadType: 102, ssrc: 9, sequence: 2, payload: "6742" }));
	publisher.tick();
	publisher.tick();
	expect(changes).toBe(1);
	expect(publisher.track("video")?.layers[0]?.codec.codec).toBe("H264");
});

test("audio levels are told", () => {
	const { publisher, receive } = setUp();
	const levels: number[] = [];
	publisher.on("level", (level) => levels.push(level));
	// One-byte extension 1 with the voice flag and level 35.
	receive(Buffer.from("906f00010000000000000005bede000110a30000fc", "hex"));
	receive(Buffer.from("906f00020000000000000005bede000120a30000fc", "hex"));
	expect(levels).toEqual([35]);
	expect(publisher.hasLevels()).toBe(true);
});

test("one who sends no audio level has none, agreed or not", () => {
	const { publisher, receive } = setUp();
	receive(rtpPacket({ payloadType: 111, ssrc: 5, sequence: 7, payload: "fc" }));
	expect(publisher.hasLevels()).toBe(false);
});

test("each stream keeps the publisher's clock; junk is passed over", () => {
	const { clock, publisher, receive, receiveRtcp } = setUp();
	const reports: [number, number][] = [];
	const report = (ssrc: number, rtpTimestamp: number, ntp = 0xe2345678_80000000n) =>
		receiveRtcp(senderReport({ ssrc, ntp, rtpTimestamp, packets: 1, octets: 1 }));
	receive(rtpPacket({ payloadType: 111, ssrc: 5, sequence: 7, timestamp: 1_000_000, payload: "fc" }));
	receive(rtpPacket({ payloadType: 96, ssrc: 9, sequence: 7, timestamp: 0xffff_fff0, payload: KEY }));
	for (const { layers } of publisher.tracks) {
		layers[0]?.add({ onPacket() {}, onReport: ({ rtpTimestamp }, { ssrc }) => reports.push([ssrc, rtpTimestamp]) });
	}
	// OBS's first report; then one without a time, one of nobody, and two that can be.
	report(9, 0x7fff_ffff);
	report(5, 1_000_000, 0n);
	report(6, 1_000_000);
	clock.nowMs += 40;
	report(5, 1_001_920);
	report(9, 3_000, 0xe2345679_00000000n);
	expect(reports).toEqual([
		[5, 1_001_920],
		[9, 3_000],
	]);
	// On our clock, as far from each other as on the publisher's.
	const [audio, video] = (["audio", "video"] as const).map((kind) => publisher.track(kind)?.layers[0]?.lastReport);
	expect([audio, video]).toMatchObject([{ ntp: ntpOf(1040) }, { ntp: ntpOf(1040) + 0x80000000n, receivedAtMs: 1040 }]);
});

test("figures are plain data, and those of what came", () => {
	const { clock, publisher, receive } = setUp();
	for (let frame = 0; frame < 60; frame++) {
		// Every 33 ms a frame of two packets; the 20th is lost, and the 40th comes after half a second.
		clock.nowMs += frame === 40 ? 500 : 33;
		for (const part of [0, 1]) {
			const sequence = 65_500 + 2 * frame + part;
			const payload = frame === 0 && part === 0 ? "1070a9009d012a82026a01" : "1001";
			const packet = rtpPacket({ payloadType: 96, ssrc: 9, sequence, timestamp: frame * 2970, payload });
			if (frame !== 20) receive(packet);
		}
		publisher.tick();
	}
	const figures = publisher.figures();
	expect(structuredClone(figures)).toEqual(figures);
	expect(figures).toMatchObject({ rttMs: undefined, tracks: [{ kind: "video" }] });
	expect(figures.tracks[0]?.layers).toMatchObject([
		{
			kind: "video",
			rid: undefined,
			ssrc: 9,
			codec: "VP8",
			width: 642,
			height: 362,
			active: true,
			packets: 118,
			lost: 2,
			keyframes: 1,
			plisSent: 0,
			freezes: 1,
		},
	]);
	const [layer] = figures.tracks[0]?.layers ?? [];
	expect(layer?.nacksSent).toBe(38);
	expect(layer?.jitterMs).toBeGreaterThan(1);
	expect(layer?.jitterMs).toBeLessThan(30);
});

const TRANSPORT_CC = 5;
const estimating: PublishedMedia[] = [
	{
		kind: "video",
		mid: "0",
		codecs: [{ ...agreedCodec("VP8", 96, ["nack", "goog-remb", "transport-cc"]), rtxPayloadType: 97 }],
		extensions: { transportCc: TRANSPORT_CC },
		rids: [],
		ssrcs: [{ ssrc: 9, rtxSsrc: 10 }],
	},
];

test("who estimates its bandwidth is told of every packet: media, retransmissions, probes and strangers", () => {
	const clock = { nowMs: 1000, now: () => clock.nowMs };
	const { publisher, receive, sent } = fakePublisher(clock, { media: estimating });
	const number = (sequence: number) => ({ [TRANSPORT_CC]: Buffer.from([sequence >> 8, sequence & 0xff]) });
	const packet = { payloadType: 96, ssrc: 9, sequence: 1, payload: KEY };
	receive(rtpPacket({ ...packet, extensions: number(65_534) }));
	clock.nowMs += 5;
	receive(rtpPacket({ ...packet, payloadType: 97, ssrc: 10, payload: "00011001", extensions: number(65_535) }));
	receive(rtpPacket({ ...packet, payloadType: 97, ssrc: 10, payload: "", padding: 255, extensions: number(0) }));
	clock.nowMs += 5;
	receive(rtpPacket({ ...packet, payloadType: 35, ssrc: 77, extensions: number(2) }));
	clock.nowMs += 40;
	publisher.tick();
	const [compound, ...more] = sent();
	expect(more).toEqual([]);
	expect(compound?.includes("REMB")).toBe(false);
	expect(compound && readRtcp(compound)[0]).toMatchObject({ type: "receiver-report", blocks: [{ ssrc: 9 }] });
	const feedback = new TransportFeedback();
	expect(feedback.read(compound?.subarray(compound.indexOf(Buffer.from([205]), 60) - 1) ?? Buffer.alloc(0))).toBe(true);
	expect([feedback.mediaSsrc, feedback.baseSequence, feedback.count]).toEqual([9, 65_534, 5]);
	const arrivals = [...feedback.arrivals.subarray(0, 5)];
	const [first = 0] = arrivals;
	expect(arrivals.map((ticks) => (ticks === NOT_ARRIVED ? undefined : (ticks - first) / 4))).toEqual([
		0,
		5,
		5,
		undefined,
		10,
	]);
});
