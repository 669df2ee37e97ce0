import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { type CodedRecording, recordCodedFrames } from "../../test/support/coded-recording.ts";
import { checkDelta } from "../../test/support/hls/delta-rules.ts";
import { type Finding, Findings } from "../../test/support/hls/finding.ts";
import { checkMedia, type FetchedSegment } from "../../test/support/hls/media-rules.ts";
import { type PlaylistSegment, parseMediaPlaylist } from "../../test/support/hls/parse-playlist.ts";
import { checkPlaylist } from "../../test/support/hls/playlist-rules.ts";
import { checkRenditions, checkUpdate } from "../../test/support/hls/update-rules.ts";
import { readFragments, readInit } from "../../test/support/mp4-reader.ts";
import type { Publication } from "../publication.ts";
import { MemoryStore } from "../test-support/memory-store.ts";
import { Packager } from "./packager.ts";

const STARTS_AT_MS = Date.UTC(2026, 10, 21, 10);
let recording: CodedRecording;

beforeAll(async () => {
	recording = await recordCodedFrames(4);
});

/** Everything a packager published, as an audience that never forgets has it. */
class Published {
	readonly all: Publication[] = [];
	readonly files = new Map<string, Buffer>();
	readonly store = new MemoryStore();
	readonly packager: Packager;

	constructor({ windowSeconds = 60 as number | null } = {}) {
		this.packager = new Packager({
			epoch: "e",
			windowSeconds,
			timeline: undefined,
			store: this.store,
			publish: (publication) => {
				this.all.push(publication);
				for (const { name, added } of publication.renditions) {
					for (const media of added) {
						const path = `${name}/${media.name}`;
						expect(this.files.has(path), `${path} is published twice`).toBe(false);
						this.files.set(path, Buffer.concat(media.chunks));
					}
				}
			},
		});
	}

	/** A run of the recording, `ms` long. */
	play(ms: number, startsAtMs: number, run = 1): void {
		this.packager.startRun({ run, startsAtMs, tracks: recording.tracks });
		for (let at = 0; at < ms; at += 100) {
			for (const frame of recording.between(at, Math.min(at + 100, ms))) this.packager.add(frame);
		}
	}

	file(path: string): Buffer {
		const bytes = this.files.get(path);
		if (!bytes) throw new Error(`${path} was not published`);
		return bytes;
	}

	get last(): Publication {
		const last = this.all.at(-1);
		if (!last) throw new Error("nothing was published");
		return last;
	}

	playlist(name: string, publication = this.last) {
		return parseMediaPlaylist(publication.renditions.find((rendition) => rendition.name === name)?.playlist ?? "");
	}

	/** The newest delta is the playlist, but for what it skips. */
	expectDelta(name: string): void {
		const { playlist = "", delta } = this.last.renditions.find((rendition) => rendition.name === name) ?? {};
		const findings = new Findings();
		checkDelta(name, playlist, delta ?? "", "YES", findings);
		expect(findings.list).toEqual([]);
		expect(delta).toContain("#EXT-X-SKIP:SKIPPED-SEGMENTS=");
	}

	/** By the rules of a correct server. */
	judge(publications = this.all): Finding[] {
		const findings = new Findings();
		for (const [index, publication] of publications.entries()) {
			const playlists = publication.renditions.map(({ name }) => [name, this.playlist(name, publication)] as const);
			checkRenditions(new Map(playlists), findings);
			for (const [name, playlist] of playlists) {
				checkPlaylist(name, playlist, findings);
				const before = publications[index - 1];
				if (before) checkUpdate(name, this.playlist(name, before), playlist, findings);
			}
		}
		for (const { name } of this.last.renditions) checkMedia(name, this.#segments(name, publications), findings);
		return findings.list;
	}

	/** Whole segments of all times, each with the parts it was listed with. */
	#segments(name: string, publications: Publication[]): FetchedSegment[] {
		const listed = new Map<number, PlaylistSegment>();
		for (const publication of publications) {
			for (const segment of this.playlist(name, publication).segments) {
				const parts = segment.parts.length > 0 ? segment.parts : (listed.get(segment.msn)?.parts ?? []);
				listed.set(segment.msn, { ...segment, parts });
			}
		}
		const whole = [...listed.values()].filter(({ uri }) => uri !== undefined);
		return whole.map((segment) => ({
			segment,
			init: this.file(`${name}/${segment.map}`),
			bytes: this.file(`${name}/${segment.uri}`),
			parts: segment.parts.map(({ uri }) => this.file(`${name}/${uri}`)),
		}));
	}
}

describe("Packager", () => {
	it("puts every coded frame, unchanged and in order, into the media of its rendition", () => {
		const published = new Published();
		published.play(4100, STARTS_AT_MS);
		published.packager.end();
		for (const [name, tracks] of Object.entries({ "720p": [0, 2], "360p": [1, 2], audio: [2] })) {
			const init = readInit(published.file(`${name}/init-e-1.mp4`));
			expect(init.tracks.map(({ handler, timescale }) => [handler, timescale])).toEqual(
				tracks.map((track) => (track === 2 ? ["soun", 48_000] : ["vide", 1_000_000])),
			);
			const fragments = published
				.playlist(name)
				.segments.flatMap(({ uri }) => readFragments(published.file(`${name}/${uri}`)));
			for (const [index, track] of tracks.entries()) {
				const samples = fragments.flatMap((fragment) => fragment[index]?.samples ?? []);
				const wanted = track === 2 ? 193 : 123; // 4.1 s, and sound to beyond its end
				const recorded = Array.from({ length: wanted }, (_, frame) => recording.frame(track, frame).data);
				expect(samples).toHaveLength(wanted);
				expect(Buffer.concat(samples.map(({ data }) => data)).equals(Buffer.concat(recorded))).toBe(true);
				expect(fragments[0]?.[index]?.decodeTime).toBe(0);
			}
		}
	});

	it("keeps every rule over three runs and an end", () => {
		const published = new Published();
		published.play(5100, STARTS_AT_MS);
		published.play(7000, STARTS_AT_MS + 6000, 2);
		published.play(2500, STARTS_AT_MS + 14_000, 1);
		published.packager.end();
		expect(published.judge()).toEqual([]);
		const { segments, ended } = published.playlist("720p");
		expect(ended).toBe(true);
		expect(segments.map(({ msn, duration, discontinuity }) => [msn, duration, discontinuity])).toEqual([
			[1, 2, false],
			[2, 2, false],
			[3, 1.1, false],
			[4, 2, true],
			[5, 2, false],
			[6, 2, false],
			[7, 1, false],
			[8, 2, true],
			[9, 0.5, false],
		]);
		expect(segments.map(({ dateMs = 0 }) => dateMs - STARTS_AT_MS)).toEqual(
			[0, 2, 4, 6, 8, 10, 12, 14, 16].map((s) => s * 1000),
		);
		expect(segments.map(({ map }) => map)).toEqual([1, 1, 1, 2, 2, 2, 2, 3, 3].map((run) => `init-e-${run}.mp4`));
		for (const { ended, position } of published.all.slice(0, -1)) {
			expect(ended).toBe(false);
			expect(position).toMatchObject({ partsPerSegment: 6, targetDuration: 2 });
		}
	});

	it("publishes a part as soon as it is whole, for all renditions at once", () => {
		const published = new Published();
		published.packager.startRun({ run: 1, startsAtMs: STARTS_AT_MS, tracks: recording.tracks });
		const frames = [...recording.between(0, 700)];
		const last = frames.findIndex(({ track, pts }) => track === 1 && pts === 9);
		const [lagging] = frames.splice(last, 1);
		if (!lagging) throw new Error("no frame to hold back");
		for (const frame of frames.filter(({ track, pts }) => track !== 1 || pts < 9))
			expect(published.packager.add(frame)).toBe(false);
		expect(published.packager.add(lagging)).toBe(true);
		expect(published.all).toHaveLength(1);
		expect(published.last.position).toMatchObject({ lastMsn: 0, openParts: 1 });
		for (const { name, added, hint } of published.last.renditions) {
			expect(added.map((media) => media.name)).toEqual(["init-e-1.mp4", "part-e-1.m4s"]);
			expect(hint).toBe("part-e-2.m4s");
			expect(published.playlist(name).segments[0]?.parts).toHaveLength(1);
		}
	});

	it("moves a run that claims an earlier time to after what is published", () => {
		const published = new Published();
		published.play(5000, STARTS_AT_MS);
		published.play(3000, STARTS_AT_MS - 3_600_000, 2);
		published.packager.end();
		expect(published.judge()).toEqual([]);
		for (const name of ["720p", "360p", "audio"]) {
			const { segments } = published.playlist(name);
			const start = segments.find(({ discontinuity }) => discontinuity)?.dateMs ?? 0;
			expect(start - STARTS_AT_MS).toBeGreaterThanOrEqual(5000);
			expect(start - STARTS_AT_MS).toBeLessThanOrEqual(5030); // the sound before it ends a frame of sound later
			const times = segments.map(
				({ uri }) => readFragments(published.file(`${name}/${uri}`))[0]?.[0]?.decodeTime ?? -1,
			);
			expect(times).toEqual(times.toSorted((a, b) => a - b));
		}
	});

	it("leaves no trace of a run without a part", () => {
		const published = new Published();
		published.play(2400, STARTS_AT_MS);
		published.play(20, STARTS_AT_MS + 3000, 2);
		published.play(2400, STARTS_AT_MS + 4000, 3);
		published.packager.end();
		const { segments } = published.playlist("720p");
		expect(segments.filter(({ discontinuity }) => discontinuity).map(({ msn }) => msn)).toEqual([3]);
		expect(new Set(segments.map(({ map }) => map))).toEqual(new Set(["init-e-1.mp4", "init-e-2.mp4"]));
		expect(published.judge()).toEqual([]);
	});

	it("publishes nothing at all when there never was a part", () => {
		const published = new Published();
		published.play(20, STARTS_AT_MS);
		published.packager.end();
		expect(published.all).toEqual([]);
	});

	it("closes the open segment when a run breaks, and goes on with the next", () => {
		const published = new Published();
		published.play(3000, STARTS_AT_MS);
		expect(() => published.packager.add(recording.frame(0, 500))).toThrow("jumped");
		published.packager.endRun();
		expect(published.last.position).toMatchObject({ lastMsn: 2, openParts: 0 });
		published.play(1000, STARTS_AT_MS + 4000, 2);
		expect(published.last.position).toMatchObject({ lastMsn: 2, openParts: 3 });
		expect(published.judge()).toEqual([]);
	});

	it("refuses a run with other renditions", () => {
		const published = new Published();
		published.play(1000, STARTS_AT_MS);
		const tracks = recording.tracks.slice(1);
		expect(() => published.packager.startRun({ run: 2, startsAtMs: STARTS_AT_MS, tracks })).toThrow(
			"360p, audio at 30",
		);
	});

	it("lists its window, keeps a minute in memory, and what left the list on disk for that long again", () => {
		const published = new Published();
		published.play(140_000, STARTS_AT_MS);
		expect(published.judge(published.all.slice(-20))).toEqual([]);
		const { segments, mediaSequence } = published.playlist("720p");
		expect(segments.filter(({ uri }) => uri !== undefined)).toHaveLength(30);
		expect(mediaSequence).toBe(41);
		const expired = published.all.flatMap(({ renditions }) => renditions[0]?.expired ?? []);
		// All but those of the last 62 s.
		expect(expired.filter((name) => name.startsWith("segment-"))).toEqual(
			Array.from({ length: 39 }, (_, index) => `segment-e-${index + 1}.m4s`),
		);
		expect(expired.filter((name) => name.startsWith("part-"))).toHaveLength(39 * 6);
		expect(expired.some((name) => name.startsWith("init-"))).toBe(false);
		// Of the 40 that left the list, those with at least 64 s after them that left as well.
		expect(published.store.removed).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
	});

	it("lists segments that were cut short no longer one at a time, and no more than its window in the end", () => {
		const published = new Published();
		published.play(20_000, STARTS_AT_MS);
		for (let run = 2; run < 22; run++) published.play(400, STARTS_AT_MS + 20_000 + run * 500, run);
		published.play(120_000, STARTS_AT_MS + 40_000, 30);
		expect(published.judge(published.all.slice(-300))).toEqual([]);
		expect(published.playlist("720p").segments.filter(({ uri }) => uri !== undefined)).toHaveLength(30);
	});

	it("stores all media, and what is needed to go on with it, part by part", () => {
		const published = new Published();
		published.play(5100, STARTS_AT_MS);
		published.packager.endRun();
		const { entries, files } = published.store;
		expect(entries.map(({ type }) => type)).toEqual(
			["stream", "run", ...["part", "part", "part", "part", "part", "part", "whole"]]
				.concat(["part", "part", "part", "part", "part", "part", "whole"])
				.concat(["part", "part", "part", "part", "whole"]),
		);
		const stored = [...published.files].filter(([path]) => !path.includes("part-"));
		expect(files.size).toBe(3 + 3 * 3);
		for (const [path, bytes] of stored) expect(files.get(path)?.equals(bytes), path).toBe(true);
	});

	it("lists all there was when that is wanted, with a delta for those who know it", () => {
		const published = new Published({ windowSeconds: null });
		published.play(100_000, STARTS_AT_MS);
		published.play(60_000, STARTS_AT_MS + 101_000, 2);
		expect(published.store.removed).toEqual([]);
		expect(published.judge(published.all.slice(-20))).toEqual([]);
		const { segments } = published.playlist("720p");
		expect(segments.map(({ msn }) => msn)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
		const gotten = (publication: Publication) => publication.renditions.map(({ delta }) => delta !== null);
		const around = published.all.filter(({ position: { lastMsn } }) => lastMsn >= 45 && lastMsn <= 70);
		const withDelta = around.filter((publication) => gotten(publication).every(Boolean));
		const without = around.filter((publication) => !gotten(publication).some(Boolean));
		expect(withDelta.length + without.length).toBe(around.length);
		// None while the discontinuity at segment 51 is near, and from some time after it on always.
		expect(without.every(({ position: { lastMsn } }) => lastMsn >= 50 && lastMsn <= 64)).toBe(true);
		expect(withDelta.every(({ position: { lastMsn } }) => lastMsn <= 50 || lastMsn >= 62)).toBe(true);
		for (const { name } of published.last.renditions) published.expectDelta(name);
	});

	it("says what can be had neither from memory nor from disk", () => {
		const published = new Published({ windowSeconds: null });
		published.play(20_000, STARTS_AT_MS);
		published.store.fails = true;
		published.play(10_000, STARTS_AT_MS + 21_000, 2);
		published.packager.endRun();
		published.store.fails = false;
		const gaps = () =>
			published
				.playlist("720p")
				.segments.filter(({ gap }) => gap)
				.map(({ msn }) => msn);
		published.play(110_000, STARTS_AT_MS + 32_000, 3);
		expect(gaps()).toEqual([]);
		expect(published.store.abandoned).toEqual([]);
		published.play(20_000, STARTS_AT_MS + 160_000, 4);
		expect(gaps()).toEqual([11, 12, 13, 14, 15]);
		expect(published.store.abandoned).toEqual([11, 12, 13, 14, 15]);
		expect(published.judge(published.all.slice(-20))).toEqual([]);
	});

	it("is read by ffmpeg without a complaint", async () => {
		const published = new Published();
		published.play(6000, STARTS_AT_MS);
		published.packager.end();
		const directory = await mkdtemp(join(tmpdir(), "packager-"));
		try {
			for (const { name, playlist } of published.last.renditions) {
				await mkdir(join(directory, name));
				await writeFile(join(directory, name, "index.m3u8"), playlist);
			}
			for (const [path, bytes] of published.files) await writeFile(join(directory, path), bytes);
			await writeFile(join(directory, "index.m3u8"), published.last.multivariant);
			const input = ["-v", "warning", "-i", join(directory, "720p/index.m3u8")];
			const { stdout, stderr } = await promisify(execFile)("ffmpeg", [...input, "-map", "0", "-f", "framecrc", "-"]);
			expect(stderr).toBe("");
			const video = stdout.split("\n").filter((line) => line.startsWith("0,"));
			expect(video).toHaveLength(180);
			// The recording is played over: the same picture comes again every 4 s.
			const pictures = video.map((line) => line.split(",").at(-1)?.trim());
			expect(pictures.slice(120)).toEqual(pictures.slice(0, 60));
			expect(new Set(pictures.slice(0, 120)).size).toBe(120);
			const entries = ["-show_entries", "stream=codec_name", "-of", "json", join(directory, "index.m3u8")];
			const probed = await promisify(execFile)("ffprobe", ["-v", "error", ...entries]);
			expect(probed.stderr).toBe("");
			const { streams } = JSON.parse(probed.stdout) as { streams: { codec_name: string }[] };
			expect(streams.map(({ codec_name }) => codec_name)).toEqual(["h264", "aac", "h264", "aac", "aac"]);
		} finally {
			await rm(directory, { recursive: true });
		}
	});
});
