import { describe, expect, it } from "vitest";
import type { Run } from "../coded-frames.ts";
import { type MediaPlaylist, mediaPlaylist } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { renditionsOf } from "./rendition.ts";
import { mediaNames, type Segment } from "./segment-window.ts";

const names = mediaNames("k3");
const PART_US = [333_333, 333_334, 333_333];

function segment(msn: number, changes: Partial<Segment> & { parts?: number; startUs?: number } = {}): Segment {
	const { parts: count = 6, startUs = (msn - 1) * 2_000_000, ...rest } = changes;
	const parts = Array.from({ length: count }, (_, index) => ({
		name: names.part((msn - 1) * 6 + index + 1),
		bytes: Buffer.alloc(1),
		durationUs: PART_US[index % 3] ?? 0,
		independent: index === 0,
	}));
	const durationUs = parts.reduce((sum, part) => sum + part.durationUs, 0);
	return {
		msn,
		runNumber: 1,
		discontinuity: false,
		media: [{ name: names.segment(msn), startUs, durationUs, parts }],
		...rest,
	};
}

const playlist: MediaPlaylist = {
	rendition: 0,
	partTargetUs: 333_334,
	maxPartTargetUs: 341_334,
	discontinuitySequence: 0,
	originMs: Date.UTC(2026, 10, 21, 10, 0, 0, 250),
	segments: [segment(1), segment(2), segment(3), segment(4)],
	open: segment(5, { parts: 2 }),
	initName: names.init,
	hint: names.part(27),
	others: ["360p", "audio"],
	newest: { msn: 5, part: 1 },
};

const head = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.025,HOLD-BACK=6.0
#EXT-X-PART-INF:PART-TARGET=0.333334
`;

describe("mediaPlaylist", () => {
	it("lists segments, the parts of the last 6 s, the hint and the reports", () => {
		expect(
			mediaPlaylist({
				...playlist,
				segments: [segment(1), segment(2)],
				open: segment(3, { parts: 2 }),
				newest: { msn: 3, part: 1 },
				hint: names.part(15),
			}),
		).toBe(`${head}#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="init-k3-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.250Z
#EXT-X-PART:DURATION=0.333333,URI="part-k3-1.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.333334,URI="part-k3-2.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-3.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-4.m4s"
#EXT-X-PART:DURATION=0.333334,URI="part-k3-5.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-6.m4s"
#EXTINF:2.000000,
segment-k3-1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:02.250Z
#EXT-X-PART:DURATION=0.333333,URI="part-k3-7.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.333334,URI="part-k3-8.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-9.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-10.m4s"
#EXT-X-PART:DURATION=0.333334,URI="part-k3-11.m4s"
#EXT-X-PART:DURATION=0.333333,URI="part-k3-12.m4s"
#EXTINF:2.000000,
segment-k3-2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:04.250Z
#EXT-X-PART:DURATION=0.333333,URI="part-k3-13.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.333334,URI="part-k3-14.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-k3-15.m4s"
#EXT-X-RENDITION-REPORT:URI="../360p/index.m3u8",LAST-MSN=3,LAST-PART=1
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=3,LAST-PART=1
`);
	});

	it("drops the parts of segments that end more than 6 s before the end", () => {
		const lines = mediaPlaylist(playlist).split("\n");
		const parts = lines.filter((line) => line.startsWith("#EXT-X-PART:"));
		expect(parts[0]).toContain("part-k3-7.m4s"); // segment 1 ends 6.67 s before the end
		expect(parts).toHaveLength(3 * 6 + 2);
	});

	it("does not count what is missing between two runs", () => {
		const after = segment(4, { discontinuity: true, runNumber: 2, startUs: 60_000_000 });
		const lines = mediaPlaylist({ ...playlist, segments: [segment(2), segment(3), after], open: undefined }).split(
			"\n",
		);
		expect(lines.filter((line) => line.startsWith("#EXT-X-PART:"))).toHaveLength(3 * 6);
	});

	it("marks a new run by a discontinuity and its initialization section, and counts those that left", () => {
		const after = segment(3, { discontinuity: true, runNumber: 2, startUs: 5_100_000 });
		const changed = mediaPlaylist({
			...playlist,
			segments: [segment(1), segment(2), after],
			open: undefined,
			discontinuitySequence: 4,
			newest: { msn: 3, part: 5 },
		});
		expect(changed).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:4\n#EXT-X-MAP:URI="init-k3-1.mp4"\n');
		expect(changed).toContain(`segment-k3-2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-k3-2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:05.350Z
#EXT-X-PART:`);
		expect(changed.match(/#EXT-X-MAP/g)).toHaveLength(2);
	});

	it("ends with ENDLIST and promises nothing more", () => {
		const ended = mediaPlaylist({ ...playlist, open: undefined, hint: null, newest: { msn: 4, part: 5 } });
		expect(ended.startsWith(head)).toBe(true);
		expect(ended).not.toContain("PRELOAD-HINT");
		expect(ended.endsWith("LAST-MSN=4,LAST-PART=5\n#EXT-X-ENDLIST\n")).toBe(true);
	});
});

describe("multivariantPlaylist", () => {
	const run: Run = {
		run: 1,
		startsAtMs: 0,
		tracks: [
			{
				kind: "video",
				name: "720p",
				width: 1280,
				height: 720,
				frameRate: 30,
				maxBitrate: 2_500_000,
				avcC: Buffer.of(1, 0x64, 0, 0x1f).toString("base64"),
			},
			{
				kind: "video",
				name: "360p",
				width: 640,
				height: 360,
				frameRate: 30,
				maxBitrate: 700_000,
				avcC: Buffer.of(1, 0x4d, 0x40, 0x1e).toString("base64"),
			},
			{
				kind: "audio",
				sampleRate: 48_000,
				channels: 2,
				maxBitrate: 128_000,
				audioSpecificConfig: Buffer.of(0x11, 0x90).toString("base64"),
			},
		],
	};

	it("names every rendition with its bitrates, codecs and pictures", () => {
		const outputs = renditionsOf(run).map((rendition) => ({ rendition, peakBitrate: 0 }));
		expect(multivariantPlaylist(outputs)).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=3936960,AVERAGE-BANDWIDTH=2628000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000
720p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1200960,AVERAGE-BANDWIDTH=828000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000
360p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=136960,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
audio/index.m3u8
`);
	});

	it("announces the highest bitrate there was when that is more", () => {
		const outputs = renditionsOf(run).map((rendition) => ({ rendition, peakBitrate: 4_000_000.5 }));
		expect(multivariantPlaylist(outputs)).toContain("BANDWIDTH=4000001,AVERAGE-BANDWIDTH=2628000,");
	});
});
