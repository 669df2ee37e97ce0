import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { type CodedRecording, recordCodedFrames } from "../../test/support/coded-recording.ts";
import { eventually } from "../../test/support/deadline.ts";
import { Findings } from "../../test/support/hls/finding.ts";
import { MediaJudge } from "../../test/support/hls/media-rules.ts";
import { parseMediaPlaylist } from "../../test/support/hls/parse-playlist.ts";
import { checkPlaylist } from "../../test/support/hls/playlist-rules.ts";
import { checkRenditions, checkUpdate } from "../../test/support/hls/update-rules.ts";
import { Packager } from "../package/packager.ts";
import type { Publication } from "../publication.ts";
import type { Timeline } from "../timeline.ts";
import { Archive, type StoredMedia } from "./archive.ts";
import { JOURNAL_NAME } from "./restore-timeline.ts";

const STARTS_AT_MS = Date.UTC(2026, 10, 21, 10);
const RENDITIONS = ["720p", "360p", "audio"];
const log = createLog({ level: "silent", pretty: false });
let recording: CodedRecording;
let root: string;
let directory: string;
let lives: Life[];

beforeAll(async () => {
	recording = await recordCodedFrames(4);
});

beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "archive-"));
	directory = join(root, "live");
	lives = [];
});

afterEach(async () => {
	for (const life of lives) await life.archive.close();
	await rm(root, { recursive: true });
});

/** One life of a server, as its audience sees it: what is in memory, and what is on disk. */
class Life {
	readonly publications: Publication[] = [];
	readonly states: string[] = [];
	readonly stored: StoredMedia[] = [];
	readonly archive: Archive;
	readonly packager: Packager;
	readonly timeline: Timeline | undefined;
	readonly #memory = new Map<string, Buffer>();

	private constructor(archive: Archive, epoch: string, windowSeconds: number | null, timeline: Timeline | undefined) {
		this.archive = archive;
		this.timeline = timeline;
		this.packager = new Packager({
			epoch,
			windowSeconds,
			timeline,
			store: archive,
			publish: (publication) => {
				this.publications.push(publication);
				for (const { name, added, expired } of publication.renditions) {
					for (const media of added) this.#memory.set(`${name}/${media.name}`, Buffer.concat(media.chunks));
					for (const gone of expired) this.#memory.delete(`${name}/${gone}`);
				}
			},
		});
	}

	static async begin(epoch: string, windowSeconds: number | null = null): Promise<Life> {
		const told: Pick<Life, "states" | "stored"> = { states: [], stored: [] };
		const archive = new Archive(directory, {
			log,
			events: {
				state: (state, reason) => told.states.push(reason ? `${state} ${reason}` : state),
				stored: (media) => told.stored.push(media),
			},
		});
		const life = new Life(archive, epoch, windowSeconds, await archive.restore());
		Object.assign(life, told);
		lives.push(life);
		return life;
	}

	play(ms: number, startsAtMs: number): void {
		this.packager.startRun({ run: 1, startsAtMs, tracks: recording.tracks });
		for (let at = 0; at < ms; at += 100)
			for (const frame of recording.between(at, Math.min(at + 100, ms))) this.packager.add(frame);
	}

	get last(): Publication {
		const last = this.publications.at(-1);
		if (!last) throw new Error("nothing was published");
		return last;
	}

	playlist(name = "720p", publication = this.last) {
		return parseMediaPlaylist(publication.renditions.find((rendition) => rendition.name === name)?.playlist ?? "");
	}

	/** As the origin does. */
	async fetch(rendition: string, name: string): Promise<Buffer> {
		const bytes = this.#memory.get(`${rendition}/${name}`);
		if (bytes) return bytes;
		const found = this.archive.find(rendition, name);
		if (!found) throw new Error(`${rendition}/${name} cannot be had`);
		const file = await readFile(found.path);
		expect(file.length, name).toBe(found.length);
		return file;
	}

	/** Every segment and part that is listed can be had, and is what it should be. */
	async judgeMedia(): Promise<void> {
		const findings = new Findings();
		for (const name of RENDITIONS) {
			const judge = new MediaJudge(name, findings);
			for (const segment of this.playlist(name).segments) {
				const { uri, gap, map = "" } = segment;
				if (gap) judge.miss();
				if (gap || uri === undefined) continue;
				const parts = await Promise.all(segment.parts.map(({ uri }) => this.fetch(name, uri)));
				judge.add({ segment, init: await this.fetch(name, map), bytes: await this.fetch(name, uri), parts });
			}
		}
		expect(findings.list).toEqual([]);
	}

	untilStored(msn: number): Promise<unknown> {
		return eventually(
			() => this.archive.holdsSegment(msn),
			10_000,
			() => `segment ${msn} was not stored: ${this.states}`,
		);
	}

	async untilJournal(text: string): Promise<void> {
		await eventually(
			async () => (await readFile(journal(), "utf8").catch(() => "")).includes(text),
			10_000,
			() => `no ${text}`,
		);
	}
}

const journal = () => join(directory, JOURNAL_NAME);

/** By the rules of one server whose stream never broke off. */
function judge(publications: Publication[]): void {
	const findings = new Findings();
	let before: Publication | undefined;
	for (const publication of publications) {
		const parse = (name: string, of: Publication) =>
			parseMediaPlaylist(of.renditions.find((rendition) => rendition.name === name)?.playlist ?? "");
		const playlists = new Map(RENDITIONS.map((name) => [name, parse(name, publication)]));
		checkRenditions(playlists, findings);
		for (const [name, playlist] of playlists) {
			checkPlaylist(name, playlist, findings);
			const isNewLife = before?.renditions[0]?.hint?.split("-")[1] !== publication.renditions[0]?.hint?.split("-")[1];
			if (before) checkUpdate(name, parse(name, before), playlist, findings, { afterOutage: isNewLife });
		}
		before = publication;
	}
	expect(findings.list).toEqual([]);
}

describe("a server that is started again", () => {
	it("goes on with the same stream, though it was cut off in the middle of a segment", async () => {
		const first = await Life.begin("a");
		first.play(61_000, STARTS_AT_MS);
		first.play(9_100, STARTS_AT_MS + 62_000);
		await first.untilJournal('"part":210');
		// It is not closed: it has ceased to be.
		const second = await Life.begin("b", 60);
		expect(second.publications).toHaveLength(1);
		expect(second.playlist().segments.length).toBe(first.playlist().segments.length);
		await second.judgeMedia();
		second.play(15_000, STARTS_AT_MS + 80_000);
		await second.judgeMedia();
		await second.untilJournal('"part":255');
		const third = await Life.begin("c");
		third.play(4_000, STARTS_AT_MS + 120_000);
		third.packager.end();
		await third.judgeMedia();
		judge([...first.publications, ...second.publications, ...third.publications]);
		const { segments } = third.playlist();
		expect(segments.map(({ msn }) => msn)).toEqual(Array.from({ length: segments.length }, (_, index) => index + 1));
		expect(segments.filter(({ discontinuity }) => discontinuity).map(({ dateMs }) => dateMs)).toEqual(
			[62_000, 80_000, 120_000].map((ms) => STARTS_AT_MS + ms),
		);
		const names = third.publications
			.concat(second.publications, first.publications)
			.flatMap(({ renditions }) =>
				renditions.slice(0, 1).flatMap(({ playlist }) => [...playlist.matchAll(/^segment.*$/gm)].map(([name]) => name)),
			);
		expect(new Set(names).size).toBe(segments.length);
	});

	it("forgets what was not wholly written, and what a torn line tells of", async () => {
		const first = await Life.begin("a");
		first.play(5_000, STARTS_AT_MS);
		await first.untilJournal('"part":15');
		await first.archive.close();
		const whole = await readFile(journal());
		const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
		await writeFile(journal(), whole.subarray(0, lastLine + 20));
		const [open] = (await readdir(join(directory, "720p"))).filter((name) => name.endsWith("-3.m4s"));
		await appendFile(join(directory, "720p", open ?? ""), "half a part");
		const second = await Life.begin("b");
		await second.judgeMedia();
		expect(second.playlist().segments.map(({ parts }) => parts.length)).toEqual([6, 6, 2]);
		second.play(3_000, STARTS_AT_MS + 9_000);
		await second.untilStored(4);
		const third = await Life.begin("c");
		await third.judgeMedia();
		judge([...second.publications, ...third.publications]);
	});

	it("begins anew where the first line was torn, and leaves alone what it cannot read", async () => {
		await mkdir(directory);
		await writeFile(journal(), '{"type":"str');
		const torn = await Life.begin("a");
		torn.play(3_000, STARTS_AT_MS);
		await torn.untilStored(1);
		expect((await readFile(journal(), "utf8")).startsWith('{"type":"stream"')).toBe(true);
		await torn.archive.close();

		await rm(journal());
		await mkdir(journal());
		const unreadable = await Life.begin("b");
		unreadable.play(3_000, STARTS_AT_MS);
		expect(unreadable.states).toEqual(["failing EISDIR"]);
		expect(unreadable.playlist().segments).toHaveLength(2);
		expect((await stat(journal())).isDirectory()).toBe(true);
	});

	it("says what is not there any more", async () => {
		const first = await Life.begin("a");
		first.play(30_000, STARTS_AT_MS);
		await first.untilStored(14);
		await rm(join(directory, "360p", "segment-a-2.m4s"));
		const second = await Life.begin("b");
		const gaps = second.playlist().segments.filter(({ gap }) => gap);
		expect(gaps.map(({ msn }) => msn)).toEqual([2]);
		await second.judgeMedia();
	});

	it("has told of every file, in this life and in the next", async () => {
		const first = await Life.begin("a");
		first.play(4_500, STARTS_AT_MS);
		first.packager.end();
		await eventually(
			() => first.stored.at(-1)?.rendition === undefined && first.stored.length > 0,
			10_000,
			() => "no final playlists",
		);
		const names = ["init-a-1.mp4", "segment-a-1.m4s", "segment-a-2.m4s", "segment-a-3.m4s", "index.m3u8"];
		const expected = RENDITIONS.flatMap((rendition) => names.map((name) => `${rendition}/${name}`));
		const told = (media: StoredMedia[]) =>
			media.map(({ rendition, name }) => (rendition ? `${rendition}/${name}` : name));
		expect(told(first.stored).toSorted()).toEqual([...expected, "index.m3u8"].toSorted());
		for (const { path } of first.stored) expect((await stat(path)).size).toBeGreaterThan(0);
		expect(await readFile(join(directory, "720p/index.m3u8"), "utf8")).toBe(first.last.renditions[0]?.playlist);
		const second = await Life.begin("b");
		expect(told(second.stored).toSorted()).toEqual(expected.filter((path) => !path.endsWith("m3u8")).toSorted());
	});
});

describe("a window", () => {
	it("leaves no files behind but those that may still be asked for", async () => {
		const first = await Life.begin("a", 60);
		first.play(150_000, STARTS_AT_MS);
		await first.untilStored(74);
		const second = await Life.begin("b", null);
		second.play(30_000, STARTS_AT_MS + 151_000);
		await second.judgeMedia();
		judge([...first.publications.slice(-5), ...second.publications]);
		await second.untilStored(89);
		await eventually(
			async () => (await readdir(join(directory, "720p"))).filter((name) => name.startsWith("segment")).length <= 63,
			10_000,
			() => "old files stay",
		);
	});
});

describe("a disk", () => {
	it("that fails for a while misses nothing", async () => {
		const life = await Life.begin("a");
		await writeFile(directory, "in the way of the directory");
		life.play(20_000, STARTS_AT_MS);
		await eventually(
			() => life.states.length > 0,
			10_000,
			() => "nobody was told",
		);
		expect(life.states).toEqual(["failing EEXIST"]);
		await life.judgeMedia();
		await rm(directory);
		await life.untilStored(9);
		expect(life.states).toEqual(["failing EEXIST", "writing"]);
		await life.archive.close();
		const next = await Life.begin("b");
		await next.judgeMedia();
		judge([...life.publications, ...next.publications]);
	});

	it.skipIf(process.getuid?.() !== 0)("that is full keeps what it has, and says what was lost", async () => {
		await mkdir(directory);
		await promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=1500k", "tmpfs", directory]);
		try {
			const life = await Life.begin("a");
			life.play(60_000, STARTS_AT_MS);
			await eventually(
				() => life.states.length > 0,
				10_000,
				() => "it was never full",
			);
			expect(life.states).toEqual(["failing ENOSPC"]);
			const kept = life.playlist().segments.filter(({ msn }) => life.archive.holdsSegment(msn)).length;
			expect(kept).toBeGreaterThan(2);
			expect(kept).toBeLessThan(29);
			life.play(124_000, STARTS_AT_MS + 61_000);
			const gaps = () =>
				life
					.playlist()
					.segments.filter(({ gap }) => gap)
					.map(({ msn }) => msn);
			expect(gaps()[0]).toBe(kept + 1);
			await life.judgeMedia();
			judge(life.publications);
			await promisify(execFile)("mount", ["-o", "remount,size=50m", directory]);
			await life.untilStored(91);
			expect(life.states).toEqual(["failing ENOSPC", "writing"]);
			await life.archive.close();
			const next = await Life.begin("b");
			expect(
				next
					.playlist()
					.segments.filter(({ gap }) => gap)
					.map(({ msn }) => msn),
			).toEqual(gaps());
			await next.judgeMedia();
			judge([...life.publications.slice(-3), ...next.publications]);
			await next.archive.close();
		} finally {
			await promisify(execFile)("umount", [directory]);
		}
	});
});
