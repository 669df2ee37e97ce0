import { expect, test } from "vitest";
import type { PublishedMedia } from "../sdp/session-media.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import type { TrackConsumer, TrackLayer } from "./track-layer.ts";

const DELTA = "1001";
/** A VP8 keyframe of 16 x 9 times `scale`. */
const key = (scale: number) => {
	const size = Buffer.alloc(4);
	size.writeUInt16LE(16 * scale, 0);
	size.writeUInt16LE(9 * scale, 2);
	return `1070a9009d012a${size.toString("hex")}`;
};
const RID = 10;
const REPAIRED_RID = 11;

const vp8 = { ...agreedCodec("VP8", 96, ["nack", "nack pli"]), rtxPayloadType: 97 };
const simulcast: PublishedMedia[] = [
	{
		kind: "video",
		mid: "0",
		codecs: [vp8, agreedCodec("H264", 102, ["ccm fir"])],
		extensions: { rid: RID, repairedRid: REPAIRED_RID },
		rids: ["q", "h", "f"],
		ssrcs: [],
	},
];
const ssrcOfRid = { q: 1, h: 2, f: 3 };
type Rid = keyof typeof ssrcOfRid;

const video = (rid: Rid, sequence: number, payload = DELTA, timestamp = sequence * 3000) =>
	rtpPacket({ payloadType: 96, ssrc: ssrcOfRid[rid], sequence, timestamp, payload, extensions: { [RID]: rid } });
const rtx = (rid: Rid, original: number, payload = DELTA, timestamp = original * 3000) => {
	const sequence = Buffer.from([(original >> 8) & 0xff, original & 0xff]).toString("hex");
	const extensions = { [REPAIRED_RID]: rid };
	const ssrc = 10 + ssrcOfRid[rid];
	return rtpPacket({ payloadType: 97, ssrc, sequence: 1, timestamp, payload: sequence + payload, extensions });
};

/** What a layer tells: extended sequence numbers with their payloads, keyframes in capitals. */
function listen(layer: TrackLayer | undefined) {
	const heard: string[] = [];
	const reports: number[] = [];
	const consumer: TrackConsumer = {
		onPacket({ packet, index, keyframe, layer: from }) {
			expect(from).toBe(layer);
			const payload = packet.toString("hex", packet.length - 2);
			heard.push(`${index} ${keyframe ? payload.toUpperCase() : payload}`);
		},
		onReport: (report) => reports.push(report.rtpTimestamp),
	};
	layer?.add(consumer);
	return { heard, reports, consumer };
}

function setUp(media = simulcast) {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const fake = fakePublisher(clock, { media });
	return {
		clock,
		...fake,
		rids: () => fake.publisher.track("video")?.layers.map(({ rid }) => rid),
		layer: (rid: Rid) => fake.publisher.track("video")?.layers.find((layer) => layer.rid === rid),
		/** Ticks for `ms`; what was asked of the publisher, and when. */
		asked(ms: number) {
			const begin = clock.nowMs;
			const asked: { atMs: number; request: unknown }[] = [];
			fake.sent();
			while (clock.nowMs < begin + ms) {
				clock.nowMs += 20;
				fake.publisher.tick();
				asked.push(...fake.feedback().map((request) => ({ atMs: clock.nowMs - begin, request })));
			}
			return asked;
		},
	};
}

test("layers are sorted by the pictures' size, whatever their order and rids", () => {
	const { receive, rids, layer, publisher } = setUp();
	let changes = 0;
	publisher.on("tracks", () => changes++);
	receive(video("q", 1, key(80)));
	receive(video("f", 1, key(40)));
	receive(video("h", 1, key(20)));
	expect(publisher.tracks).toHaveLength(1);
	publisher.tick();
	expect(rids()).toEqual(["h", "f", "q"]);
	expect([layer("q")?.width, layer("q")?.height]).toEqual([1280, 720]);
	// The track came once; further layers of it are for those who look.
	expect(changes).toBe(1);
});

test("layers of unknown size are sorted by bitrate", () => {
	const { receive, rids, clock, publisher } = setUp();
	for (let sequence = 0; sequence < 100; sequence++) {
		receive(video("q", sequence, DELTA.repeat(200)));
		receive(video("h", sequence, DELTA.repeat(10)));
		receive(video("f", sequence, DELTA.repeat(50)));
		clock.nowMs += 20;
		publisher.tick();
	}
	expect(rids()).toEqual(["h", "f", "q"]);
	const low = publisher.track("video")?.layers[0];
	// 50 packets a second of 12 bytes of header, 8 of extension and 20 of payload.
	expect(low?.bitrate).toBeGreaterThan(15_000);
	expect(low?.bitrate).toBeLessThan(17_500);
});

test("a layer is active while media comes; padding is none", () => {
	const { receive, clock, layer } = setUp();
	receive(video("q", 1, key(20)));
	clock.nowMs += 1_499;
	expect(layer("q")?.active).toBe(true);
	receive(rtpPacket({ payloadType: 96, ssrc: 1, sequence: 2, timestamp: 3000, payload: "", padding: 200 }));
	clock.nowMs += 1;
	expect(layer("q")?.active).toBe(false);
	receive(video("q", 3));
	expect(layer("q")?.active).toBe(true);
});

test("each layer has its own sequence numbers, over the wrap, and its own losses", () => {
	const { receive, layer, asked } = setUp();
	receive(video("q", 65_534, key(20)));
	receive(video("f", 10, key(80)));
	const [low, high] = [listen(layer("q")), listen(layer("f"))];
	receive(video("q", 65_537));
	receive(video("f", 11));
	receive(video("f", 13));
	receive(video("q", 65_536));
	expect(low.heard).toEqual(["65537 1001", "65536 1001"]);
	expect(high.heard).toEqual(["11 1001", "13 1001"]);
	expect(asked(40).map(({ request }) => request)).toEqual([
		{ type: "nack", mediaSsrc: 1, sequences: [65_535] },
		{ type: "nack", mediaSsrc: 3, sequences: [12] },
	]);
});

test("a retransmission is the packet that was lost; a repeated one and a probe are nothing", () => {
	const { receive, layer, publisher, asked } = setUp();
	receive(video("q", 65_535, key(20)));
	const { heard } = listen(layer("q"));
	receive(video("q", 65_537, "100102"));
	receive(rtx("q", 65_536, "100107"));
	receive(rtx("q", 65_536, "100108"));
	receive(rtx("q", 65_537, "100109"));
	receive(rtpPacket({ payloadType: 97, ssrc: 11, sequence: 9, payload: "", padding: 255 }));
	expect(heard).toEqual(["65537 0102", "65536 0107"]);
	const kept = layer("q")?.kept(65_536);
	expect([kept?.readUInt16BE(2), kept?.readUInt8(1), kept?.readUInt32BE(8), kept?.readUInt32BE(4)]).toEqual([
		0,
		96,
		1,
		65_536 * 3000,
	]);
	expect(asked(400)).toEqual([]);
	// Two on its own SSRC after the first, of which one was really lost.
	expect(publisher.figures().tracks[0]?.layers[0]).toMatchObject({ packets: 2, lost: 1 });
	expect(publisher.packets).toBe(6);
});

test("retransmissions of packets from long ago do not begin a layer anew", () => {
	const { receive, layer } = setUp();
	receive(video("q", 20_000, key(20)));
	const before = layer("q");
	for (const original of [5_000, 5_001, 5_002]) receive(rtx("q", original));
	expect(layer("q")).toBe(before);
});

test("a sender that begins its numbers anew gets a new layer", () => {
	const { receive, layer, publisher } = setUp();
	receive(video("q", 20_000, key(20)));
	const before = layer("q");
	const { heard } = listen(before);
	let changes = 0;
	publisher.on("tracks", () => changes++);
	receive(video("q", 500));
	expect(changes).toBe(0);
	receive(video("q", 501));
	expect(layer("q")).not.toBe(before);
	expect([before?.active, layer("q")?.active, changes, heard]).toEqual([false, true, 1, []]);
});

test("keyframes are asked for layer by layer, at once, then seldom, until one comes", () => {
	const { receive, layer, asked, clock } = setUp();
	receive(video("q", 1, key(20)));
	receive(video("f", 1, key(80)));
	for (let times = 0; times < 5; times++) layer("f")?.requestKeyframe();
	const first = asked(1_000);
	expect(first).toEqual([
		{ atMs: 20, request: { type: "keyframe-request", mediaSsrc: 3 } },
		{ atMs: 520, request: { type: "keyframe-request", mediaSsrc: 3 } },
	]);
	receive(video("q", 2));
	receive(video("f", 2));
	expect(asked(1_000).map(({ atMs }) => atMs)).toEqual([520]);
	receive(video("f", 3, key(80)));
	expect(asked(1_400)).toEqual([]);
	// Nothing is asked of a layer that is left out; when it comes back without a keyframe it is.
	clock.nowMs += 200;
	layer("q")?.requestKeyframe();
	expect(asked(1_000)).toEqual([]);
	receive(video("q", 3));
	expect(asked(20).map(({ request }) => request)).toEqual([{ type: "keyframe-request", mediaSsrc: 1 }]);
});

test("who knows FIR alone gets FIR, numbered", () => {
	const { publisher, receive, clock, sent } = setUp([{ ...(simulcast[0] as PublishedMedia), rids: [], ssrcs: [] }]);
	receive(rtpPacket({ payloadType: 102, ssrc: 5, sequence: 1, payload: "6742" }));
	publisher.tick();
	sent();
	const fir = () => {
		publisher.track("video")?.layers[0]?.requestKeyframe();
		clock.nowMs += 600;
		publisher.tick();
		return sent()[0]?.toString("hex").slice(-40);
	};
	expect([fir(), fir()]).toEqual([
		"84ce000400000001000000000000000500000000",
		"84ce000400000001000000000000000501000000",
	]);
});

test("a hole too big calls for a keyframe, not for its packets", () => {
	const { receive, asked } = setUp();
	receive(video("q", 65_000, key(20)));
	receive(video("q", 65_000 + 1_000));
	expect(asked(40).map(({ request }) => request)).toEqual([{ type: "keyframe-request", mediaSsrc: 1 }]);
});

test("losses are asked for again after a round trip, which the publisher's answers tell", () => {
	const { receive, receiveRtcp, asked, clock, publisher, sent } = setUp();
	receive(video("q", 1, key(20)));
	publisher.tick();
	// Our reference time, answered 250 ms later by one who says that it kept it for 50.
	const report = sent()[0] ?? Buffer.alloc(0);
	const reference = report.indexOf(Buffer.from([4, 0, 0, 2]));
	const answer = Buffer.from("80cf0005000000010500000300000001".padEnd(48, "0"), "hex");
	answer.writeUInt32BE(report.readUInt32BE(reference + 6), 16);
	answer.writeUInt32BE(Math.round(0.05 * 65536), 20);
	clock.nowMs += 250;
	receiveRtcp(answer);
	expect(publisher.figures().rttMs).toBeCloseTo(200, 0);
	receive(video("q", 3));
	// 1.25 round trips, at the next tick; twice, once one went unanswered.
	expect(asked(600).map(({ atMs }) => atMs)).toEqual([20, 280, 300, 540, 560]);
});

test("without answers the first retransmission tells the round trip", () => {
	const { receive, asked, publisher, clock } = setUp();
	receive(video("q", 1, key(20)));
	receive(video("q", 3));
	expect(asked(20)).toHaveLength(1);
	clock.nowMs += 30;
	receive(rtx("q", 2));
	expect(publisher.figures().rttMs).toBe(30);
	// Late, but on the SSRC of the media: it was on its way already.
	receive(video("q", 5));
	expect(asked(20)).toHaveLength(1);
	clock.nowMs += 2;
	receive(video("q", 4));
	expect(publisher.figures().rttMs).toBe(30);
});
