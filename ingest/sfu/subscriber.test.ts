import { expect, test } from "vitest";
import { readRtcp } from "../rtp/rtcp-read.ts";
import {
	genericNack,
	pictureLossIndication,
	receiverEstimatedBitrate,
	receiverReport,
	senderReport,
} from "../rtp/rtcp-write.ts";
import { headerExtension, rtpPayload, sequenceOf, ssrcOf } from "../rtp/rtp-packet.ts";
import { TransportFeedbackWriter } from "../rtp/transport-feedback-writer.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import { fakeSubscriber } from "../test-support/fake-subscriber.ts";

/** Bits a second of each layer, lowest first; lines. */
const LAYERS = [
	{ bps: 150_000, height: 180 },
	{ bps: 500_000, height: 360 },
	{ bps: 1_500_000, height: 720 },
];
const AUDIO_BPS = 32_000;
/** Short, so that a frame is a packet. */
const FRAME_MS = 5;

function media(ssrc: number): PublishedMedia[] {
	return [
		{ kind: "audio", codecs: [agreedCodec("opus", 111)], extensions: {}, rids: [], ssrcs: [{ ssrc }] },
		{
			kind: "video",
			codecs: [agreedCodec("VP8", 96, ["nack", "nack pli"])],
			extensions: {},
			rids: [],
			ssrcs: LAYERS.map((_, at) => ({ ssrc: ssrc + 1 + at })),
		},
	];
}

function setUp({ people = 1, slots = 1 } = {}) {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const subscriber = fakeSubscriber(clock, { slots });
	const publishers = Array.from({ length: people }, (_, at) => {
		const ssrc = 10 + 10 * at;
		const fake = fakePublisher(clock, { personId: `p-${at}`, media: media(ssrc) });
		const [sequences, wanted] = [
			[0, 0, 0, 0],
			[true, true, true],
		];
		return {
			...fake,
			/** One packet of each stream; a layer it is asked for begins with a keyframe. */
			send({ layers = LAYERS.length } = {}) {
				fake.publisher.tick();
				for (const message of fake.feedback())
					if (message.type === "keyframe-request") wanted[message.mediaSsrc - ssrc - 1] = true;
				const timestamp = 90 * (clock.nowMs - 1_000_000);
				const packet = (stream: number, payload: string, bps: number) => {
					const filling = "00".repeat((bps / 8) * (FRAME_MS / 1000));
					const sequence = (sequences[stream] ?? 0) + 1;
					sequences[stream] = sequence;
					const payloadType = stream === 0 ? 111 : 96;
					fake.receive(
						rtpPacket({ payloadType, ssrc: ssrc + stream, sequence, timestamp, payload: payload + filling }),
					);
				};
				packet(0, "fc", AUDIO_BPS);
				LAYERS.slice(0, layers).forEach(({ bps, height }, layer) => {
					packet(1 + layer, wanted[layer] ? keyframe(height) : "100100", bps);
					wanted[layer] = false;
				});
			},
		};
	});
	const shown = Array.from({ length: slots }, (_, slot) => publishers[slot]?.publisher ?? null);
	function pass(durationMs: number, options: { layers?: number; each?(): void } = {}) {
		for (const end = clock.nowMs + durationMs; clock.nowMs < end; clock.nowMs += FRAME_MS) {
			for (const publisher of publishers) publisher.send(options);
			subscriber.subscriber.tick();
			options.each?.();
		}
	}
	const show = () => subscriber.subscriber.show(shown, shown, undefined);
	const heights = () =>
		subscriber.subscriber
			.figures()
			.slots.filter(({ kind }) => kind === "video")
			.map(({ height }) => height);
	return { clock, ...subscriber, publishers, pass, show, heights };
}

/** The first packet of a VP8 keyframe of that many lines (RFC 6386 section 9.1). */
function keyframe(height: number): string {
	const size = Buffer.alloc(4);
	size.writeUInt16LE((height * 16) / 9, 0);
	size.writeUInt16LE(height, 2);
	return `100000009d012a${size.toString("hex")}`;
}

const videoOf = (packets: Buffer[], slot = 0) => packets.filter((packet) => ssrcOf(packet) === 200 + slot);
const audioOf = (packets: Buffer[], slot = 0) => packets.filter((packet) => ssrcOf(packet) === 100 + slot);

test("nothing is sent before it is connected, then what is shown", () => {
	const { show, pass, sent, connect, subscriber } = setUp();
	show();
	pass(200);
	expect(sent()).toEqual([]);
	connect();
	expect(show()).toBe(false);
	pass(1000);
	const packets = sent();
	expect(audioOf(packets)).toHaveLength(200);
	expect(videoOf(packets).length).toBeGreaterThan(180);
	expect(subscriber.packets).toBe(packets.length);
	const [first] = videoOf(packets);
	expect(first && rtpPayload(first).toString("hex", 0, 7)).toBe("100000009d012a");
});

test("a slot gets the layer of its size, and another when the page tells otherwise", () => {
	const { show, pass, connect, heights, subscriber, sent, receiveRtcp } = setUp({ people: 2, slots: 3 });
	connect();
	pass(100);
	expect(show()).toBe(true);
	const plenty = () => receiveRtcp(receiverEstimatedBitrate(1, 20_000_000, [200]));
	pass(3000, { each: plenty });
	expect(heights()).toEqual([720, 720, undefined]);
	subscriber.select(0, { maxHeight: 300 });
	subscriber.select(1, { maxHeight: 0 });
	pass(3000, { each: plenty });
	expect(heights()).toEqual([360, undefined, undefined]);
	expect(subscriber.layers(0)).toMatchObject([
		{ height: 180, width: 320, current: false, active: true },
		{ height: 360, current: true },
		{ height: 720, current: false },
	]);
	// A slot nobody looks at is not one there is no room for, and is heard nevertheless.
	expect(subscriber.figures().slots.some(({ paused }) => paused)).toBe(false);
	sent();
	pass(100, { each: plenty });
	const packets = sent();
	expect([videoOf(packets, 1).length, audioOf(packets, 1).length]).toEqual([0, 20]);
	subscriber.select(1, { maxHeight: undefined });
	pass(3000, { each: plenty });
	expect(heights()).toEqual([360, 720, undefined]);
});

test("on a narrow path the picture gets smaller at once, then stops; the sound does not; and it comes back", () => {
	const { show, pass, connect, heights, subscriber, sent, receiveRtcp } = setUp();
	connect();
	pass(100);
	show();
	let remb = 5_000_000;
	const each = () => receiveRtcp(receiverEstimatedBitrate(1, remb, [200]));
	pass(3000, { each });
	expect(heights()).toEqual([720]);
	remb = 800_000;
	pass(400, { each });
	expect(heights()).toEqual([360]);
	remb = 90_000;
	pass(400, { each });
	expect(subscriber.figures().slots.map(({ kind, paused }) => [kind, paused])).toEqual([
		["audio", false],
		["video", true],
	]);
	sent();
	pass(1000, { each });
	const packets = sent();
	expect([videoOf(packets).length, audioOf(packets).length]).toEqual([0, 200]);
	remb = 5_000_000;
	pass(500, { each });
	expect(heights()).toEqual([undefined]);
	pass(15_000, { each });
	expect(heights()).toEqual([720]);
	expect(subscriber.figures().slots.map(({ paused }) => paused)).toEqual([false, false]);
	// One stream all along.
	const video = videoOf(sent()).map(sequenceOf);
	expect(video).toEqual(video.map((_, at) => ((video[0] ?? 0) + at) & 0xffff));
});

test("a layer its publisher leaves out is replaced by the next", () => {
	const { show, pass, connect, heights } = setUp();
	connect();
	pass(100);
	show();
	pass(3000);
	expect(heights()).toEqual([720]);
	// As soon as the others have gone on without it.
	pass(800, { layers: 2 });
	expect(heights()).toEqual([360]);
	pass(3000, { layers: 2 });
	expect(heights()).toEqual([360]);
	pass(6000);
	expect(heights()).toEqual([720]);
});

test("what the receiver says is acted on: losses, keyframes, reports", () => {
	const { clock, show, pass, connect, sent, receiveRtcp, connection, subscriber, publishers } = setUp();
	connect();
	pass(100);
	show();
	pass(1000);
	const [publisher] = publishers;
	publisher?.receiveRtcp(
		senderReport({ ssrc: 13, ntp: 0xe2345678_9abc0000n, rtpTimestamp: 90_000, packets: 1, octets: 1 }),
	);
	const reports = connection.rtcp.splice(0).flatMap((packet) => readRtcp(packet));
	const report = reports.findLast((message) => message.type === "sender-report" && message.ssrc === 200);
	const lastReport = report?.type === "sender-report" ? Number((report.ntp >> 16n) & 0xffffffffn) : 0;
	const lost = videoOf(sent())[5] ?? Buffer.alloc(12);
	clock.nowMs += 80;
	const block = { packetsLost: 3, highestSequence: 9, jitter: 450, delaySinceLastReport: 0 };
	receiveRtcp(receiverReport(1, [{ ...block, ssrc: 200, fractionLost: 64, lastReport }]));
	receiveRtcp(Buffer.concat([receiverReport(1, []), genericNack(1, 200, [sequenceOf(lost)])]));
	const [resent, ...more] = sent();
	expect([resent?.readUInt32BE(8), more]).toEqual([1200, []]);
	expect(resent && rtpPayload(resent).subarray(2)).toEqual(rtpPayload(lost));
	// Twice at once is once; a round trip later it may be lost again.
	receiveRtcp(Buffer.concat([receiverReport(1, []), genericNack(1, 200, [sequenceOf(lost)])]));
	expect(sent()).toEqual([]);
	clock.nowMs += 80;
	receiveRtcp(Buffer.concat([receiverReport(1, []), genericNack(1, 200, [sequenceOf(lost)])]));
	expect(sent()).toHaveLength(1);
	receiveRtcp(pictureLossIndication(1, 200));
	publisher?.publisher.tick();
	expect(publisher?.feedback()).toContainEqual({ type: "keyframe-request", mediaSsrc: 13 });
	const figures = subscriber.figures();
	expect(figures.rttMs).toBeCloseTo(80, -1);
	expect(figures.slots[1]).toMatchObject({
		slot: 0,
		kind: "video",
		personId: "p-0",
		source: "camera",
		height: 720,
		lost: 0.25,
		jitterMs: 5,
		nacks: 3,
		resends: 2,
		plis: 1,
		paused: false,
	});
	pass(2000);
	expect(subscriber.figures().slots[1]?.bitsPerSecond).toBeGreaterThan(1_300_000);
	expect(subscriber.figures().slots[1]?.bitsPerSecond).toBeLessThan(1_700_000);
});

test("a path that may carry more is probed on the stream of retransmissions, and what fits is used", () => {
	const { clock, show, pass, connect, heights, sent, receiveRtcp, subscriber } = setUp({ people: 4, slots: 4 });
	connect();
	// Long enough for the layers' bitrates to be known.
	pass(1500);
	show();
	const feedback = new TransportFeedbackWriter({ senderSsrc: 1, mediaSsrc: 200 });
	const sequences: number[] = [];
	let padding = 0;
	const each = () => {
		for (const packet of sent()) {
			const sequence = headerExtension(packet, 3)?.readUInt16BE(0) ?? -1;
			sequences.push(sequence);
			feedback.onPacket(sequence, clock.nowMs);
			if (rtpPayload(packet).length > 0) continue;
			padding += packet.length;
			expect([1200, 1201, 1202, 1203]).toContain(ssrcOf(packet));
		}
		for (const report of feedback.take(clock.nowMs)) receiveRtcp(report);
	};
	// Four of the best layers are more than what is believed at first.
	pass(500, { each });
	expect(heights()).not.toEqual([720, 720, 720, 720]);
	pass(15_000, { each });
	expect(heights()).toEqual([720, 720, 720, 720]);
	expect(padding).toBeGreaterThan(5_000);
	expect(subscriber.figures().estimateBitsPerSecond).toBeGreaterThan(6_000_000);
	// One number for each packet of the connection, whatever its stream.
	expect(sequences).toEqual(sequences.map((_, at) => at & 0xffff));
	subscriber.close("deleted");
});

test("hostile reports are survived, and the end leaves nothing with the publishers", () => {
	const { show, pass, connect, receiveRtcp, subscriber, sent, connection } = setUp();
	connect();
	pass(100);
	show();
	pass(500);
	const nack = genericNack(
		1,
		200,
		Array.from({ length: 3000 }, (_, at) => at * 21),
	);
	for (let at = 0; at < nack.length; at += 7) {
		const bent = Buffer.from(nack);
		bent.writeUInt8(0xff, at);
		receiveRtcp(bent);
	}
	receiveRtcp(receiverEstimatedBitrate(1, 2 ** 60, [200]));
	receiveRtcp(
		receiverReport(1, [
			{
				ssrc: 200,
				fractionLost: 255,
				packetsLost: -1,
				highestSequence: 2 ** 32 - 1,
				jitter: 2 ** 32 - 1,
				lastReport: 5,
				delaySinceLastReport: 2 ** 32 - 1,
			},
		]),
	);
	let closed = 0;
	subscriber.on("closed", () => closed++);
	subscriber.close("deleted");
	subscriber.close("deleted");
	sent();
	pass(200);
	receiveRtcp(nack);
	expect([closed, connection.closed, sent()]).toEqual([1, true, []]);
});
