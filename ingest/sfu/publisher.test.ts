import { expect, test } from "vitest";
import { senderReport } from "../rtp/rtcp-write.ts";
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
	expect([report?.readUInt32BE(8), report?.readUInt32BE(32)]).toEqual([9, 5]);
	// The round trip's numbers of the video's block: middle of the NTP timestamp, then 100 ms in 1/65536 s.
	expect([report?.readUInt32BE(24), report?.readUInt32BE(28)]).toEqual([0x56788000, 6554]);
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
	publisher.track("video")?.requestKeyframe();
	publisher.tick();
	expect(feedback()).toEqual([
		{ type: "nack", mediaSsrc: 9, sequences: [65_535, 0] },
		{ type: "keyframe-request", mediaSsrc: 9 },
	]);
	publisher.track("video")?.requestKeyframe();
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
	expect(publisher.tracks.map(({ ssrc }) => ssrc)).toEqual([9]);
	clock.nowMs += 1000;
	receive(video(1, KEY, 10));
	expect(publisher.tracks.map(({ ssrc }) => ssrc)).toEqual([10]);
	expect([changes, publisher.packets]).toEqual([2, 2]);
});

test("audio levels are told", () => {
	const { publisher, receive } = setUp();
	const levels: number[] = [];
	publisher.on("level", (level) => levels.push(level));
	// One-byte extension 1 with the voice flag and level 35.
	receive(Buffer.from("906f00010000000000000005bede000110a30000fc", "hex"));
	receive(Buffer.from("906f00020000000000000005bede000120a30000fc", "hex"));
	expect(levels).toEqual([35]);
});
