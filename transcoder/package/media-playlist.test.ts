import { describe, expect, it } from "vitest";
import type { Run } from "../coded-frames.ts";
import { mediaNames } from "../timeline.ts";
import { type Listing, MediaPlaylist, type MediaPlaylistOptions } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { renditionsOf } from "./rendition.ts";
import type { Segment } from "./segment-window.ts";

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
		run: { run: 1, epoch: "k3" },
		startsRun: msn === 1,
		discontinuity: false,
		lost: false,
		media: [{ startUs, durationUs, parts }],
		durationUs,
		...rest,
	};
}

const options: MediaPlaylistOptions = {
	rendition: 0,
	partTargetUs: 333_334,
	maxPartTargetUs: 341_334,
	originMs: Date.UTC(2026, 10, 21, 10, 0, 0, 250),
	windowSeconds: 60,
	others: ["360p", "audio"],
};

const listing: Listing = {
	discontinuitySequence: 0,
	segments: [segment(1), segment(2), segment(3), segment(4)],
	open: segment(5, { parts: 2 }),
	hint: names.part(27),
	newest: { msn: 5, part: 1 },
};

function text(changes: Partial<Listing> = {}, changedOptions: Partial<MediaPlaylistOptions> = {}): string {
	return new MediaPlaylist({ ...options, ...changedOptions }).texts({ ...listing, ...changes }).playlist;
}

const head = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.025,HOLD-BACK=6.0
#EXT-X-PART-INF:PART-TARGET=0.333334
`;

const secondRun = { startsRun: true, discontinuity: true, run: { run: 2, epoch: "k3" } };

describe("MediaPlaylist", () => {
	it("lists segments, the parts of the last 6 s, the hint and the reports", () => {
		expect(
			text({
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
		const lines = text().split("\n");
		const parts = lines.filter((line) => line.startsWith("#EXT-X-PART:"));
		expect(parts[0]).toContain("part-k3-7.m4s"); // segment 1 ends 6.67 s before the end
		expect(parts).toHaveLength(3 * 6 + 2);
	});

	it("does not count what is missing between two runs", () => {
		const after = segment(4, { ...secondRun, startUs: 60_000_000 });
		const lines = text({ segments: [segment(2), segment(3), after], open: undefined }).split("\n");
		expect(lines.filter((line) => line.startsWith("#EXT-X-PART:"))).toHaveLength(3 * 6);
	});

	it("marks a new run by a discontinuity and its initialization section, and counts those that left", () => {
		const after = segment(3, { ...secondRun, startUs: 5_100_000 });
		const changed = text({
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
		const ended = text({ open: undefined, hint: null, newest: { msn: 4, part: 5 } });
		expect(ended.startsWith(head)).toBe(true);
		expect(ended).not.toContain("PRELOAD-HINT");
		expect(ended.endsWith("LAST-MSN=4,LAST-PART=5\n#EXT-X-ENDLIST\n")).toBe(true);
	});
});

describe("a long list", () => {
	/** As it grows, segment by segment, to `count`. */
	function grow(playlist: MediaPlaylist, count: number, from = 1) {
		const segments: Segment[] = [];
		let texts = playlist.texts({ ...listing, segments, open: segment(1, { parts: 1 }) });
		for (let msn = 1; msn <= count; msn++) {
			segments.push(segment(msn));
			while (segments[0] && segments[0].msn < from - count + msn) segments.shift();
			const open = segment(msn + 1, { parts: 1 });
			texts = playlist.texts({ ...listing, segments, open, newest: { msn: msn + 1, part: 0 } });
		}
		return texts;
	}

	it("is what it would be if it were made anew, with its head moved on", () => {
		const [grown] = [grow(new MediaPlaylist(options), 40, 11)];
		const segments = Array.from({ length: 30 }, (_, index) => segment(index + 11));
		const anew = text({ segments, open: segment(41, { parts: 1 }), newest: { msn: 41, part: 0 } });
		expect(grown.playlist).toBe(anew);
		expect(grown.playlist).toContain('SEQUENCE:0\n#EXT-X-MAP:URI="init-k3-1.mp4"\n#EXT-X-PROGRAM-DATE-TIME');
	});

	it("has a date for every fifth segment only when its head stays, and lets clients skip what is old", () => {
		const { playlist, delta } = grow(new MediaPlaylist({ ...options, windowSeconds: null }), 40);
		const dates = playlist.split("\n").filter((line) => line.startsWith("#EXT-X-PROGRAM-DATE-TIME"));
		expect(dates).toHaveLength(1 + 8);
		expect(playlist).toContain("HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n");
		const [, tail] = playlist.split("segment-k3-34.m4s\n");
		expect(delta).toBe(
			`${playlist.slice(0, playlist.indexOf("#EXT-X-MAP")).replace("VERSION:6", "VERSION:9")}#EXT-X-SKIP:SKIPPED-SEGMENTS=34\n#EXT-X-MAP:URI="init-k3-1.mp4"\n${tail}`,
		);
	});

	it("lets nobody skip in a short window", () => {
		const { playlist, delta } = grow(new MediaPlaylist(options), 40);
		expect(delta).toBe(null);
		expect(playlist).not.toContain("CAN-SKIP-UNTIL");
	});

	it("marks what was lost, and lets nobody skip for a while then", () => {
		const playlist = new MediaPlaylist({ ...options, windowSeconds: null });
		grow(playlist, 40);
		playlist.lose(3);
		const segments = Array.from({ length: 40 }, (_, index) => segment(index + 1));
		const now = playlist.texts({ ...listing, segments, open: undefined });
		expect(now.playlist).toContain("segment-k3-2.m4s\n#EXT-X-GAP\n#EXTINF:2.000000,\nsegment-k3-3.m4s\n#EXTINF");
		expect(now.delta).toBe(null);
		for (let msn = 41; msn <= 60; msn++) segments.push(segment(msn));
		expect(playlist.texts({ ...listing, segments, open: undefined }).delta).not.toBe(null);
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
