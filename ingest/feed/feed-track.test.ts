import { expect, test } from "vitest";
import { FEED_ORIENTATION_ID } from "../../core/protocol/feed.ts";
import { headerExtension, rtpPayload } from "../rtp/rtp-packet.ts";
import { agreedCodec } from "../test-support/agreed-codec.ts";
import { FakeTrack } from "../test-support/fake-track.ts";
import { FeedTrack } from "./feed-track.ts";

const LENGTH_BYTES = 2;

test.each(["VP8", "H264", "VP9", "AV1"] as const)(
	"%s goes along with its orientation, and no other extension",
	(codec) => {
		const track = new FakeTrack(agreedCodec(codec, 96), { orientation: 13, mid: 5 });
		const layer = track.layer();
		const written: Buffer[] = [];
		const feed = new FeedTrack(track, {
			write: (framed) => written.push(framed),
			onCodecChanged: () => {},
			clock: { now: () => 0 },
		});
		feed.begin();
		layer.deliver({ index: 1, timestamp: 1, payload: "10aabb", keyframe: true, extensions: "bede0001d0025030" });
		layer.deliver({ index: 2, timestamp: 2, payload: "10ccdd", extensions: "bede000150300000" });
		expect(written.map((framed) => framed.readUInt16BE(0))).toEqual(written.map(({ length }) => length - LENGTH_BYTES));
		const packets = written.map((framed) => framed.subarray(LENGTH_BYTES));
		expect(packets.map((packet) => headerExtension(packet, FEED_ORIENTATION_ID)?.toString("hex"))).toEqual([
			"02",
			undefined,
		]);
		expect(packets.map((packet) => rtpPayload(packet).toString("hex"))).toEqual(["10aabb", "10ccdd"]);
		expect(packets.map(({ length }) => length)).toEqual([12 + 8 + 3, 12 + 3]);
		feed.close();
	},
);
