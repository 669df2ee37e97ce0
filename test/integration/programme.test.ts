import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Invitation } from "../../core/protocol/webinar.ts";
import { eventually } from "../support/deadline.ts";
import type { DecodedMedia } from "../support/decode-media.ts";
import { validateHls } from "../support/hls-validator.ts";
import { avOffsetMs } from "../support/measure-av-offset.ts";
import { findColour, flashTimes } from "../support/measure-picture.ts";
import { beepTimes, loudness, toneShare } from "../support/measure-sound.ts";
import { readFragments } from "../support/mp4-reader.ts";
import { FLASH_FRAMES } from "../support/patterns.ts";
import type { ProcessInfo } from "../support/processes.ts";
import { fetchMultivariant, ProgrammeTap, type TappedSegment } from "../support/programme-tap.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { runCommand } from "../support/run-command.ts";
import type { Rgb } from "../support/solid-picture.ts";
import { type SyntheticPresenter, startSyntheticPresenter } from "../support/synthetic-presenter.ts";

const ADA: { colour: Rgb; toneHz: number } = { colour: [190, 40, 40], toneHz: 600 };
const BEA: { colour: Rgb; toneHz: number } = { colour: [40, 60, 190], toneHz: 1000 };

/** Each of two tiles takes nearly half of the picture; the rest is gutters and names. */
const TILE_SHARE = 0.2;
const ALONE_SHARE = 0.5;
const AV_OFFSET_LIMIT_MS = 60;

let server: RostrumServer;
let webinarId: string;
let tap: ProgrammeTap;
let ada: SyntheticPresenter | undefined;
let bea: SyntheticPresenter | undefined;
let adaInvitation: Invitation;
let beaInvitation: Invitation | undefined;

beforeAll(async () => {
	server = await startRostrumServer();
	webinarId = (await server.api.createWebinar("Programme under test")).id;
	adaInvitation = await server.api.invite(webinarId, "presenter", "Ada");
	await server.api.start(webinarId);
	tap = await ProgrammeTap.start({ baseUrl: server.baseUrl, webinarId });
});

afterEach(({ task }) => {
	if (task.result?.state === "fail") console.error(server.log.slice(-40).join("\n"));
});

afterAll(async () => {
	await tap?.close();
	await ada?.close();
	await bea?.close();
	await server?.close();
});

function publish(invitation: Invitation, what: typeof ADA, flashAndBeep: boolean): Promise<SyntheticPresenter> {
	return startSyntheticPresenter({
		endpoint: `${server.baseUrl}/whip/${webinarId}`,
		token: invitation.token,
		...what,
		flashAndBeep,
	});
}

/** Where a colour is at the end; not in the very last frame, which may be that of a flash. */
function place({ frames }: DecodedMedia, colour: Rgb) {
	const found = frames.slice(-FLASH_FRAMES - 1).map((frame) => findColour(frame, colour));
	return found.reduce((best, one) => (one.share > best.share ? one : best));
}

const showsBoth = (media: DecodedMedia) =>
	place(media, ADA.colour).share > TILE_SHARE && place(media, BEA.colour).share > TILE_SHARE;

/** How often the programme has been interrupted so far, by the newest playlist. */
function discontinuities(): number {
	const text = tap.updates.at(-1)?.playlist.text ?? "";
	const before = Number(/#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0);
	return before + (text.match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0);
}

test("a slate is shown while nobody is on air", async () => {
	const slate = await tap.next(1);
	expect(slate.frames).toHaveLength(60);
	expect(place(slate, ADA.colour).share).toBeLessThan(0.01);
	expect(loudness(slate.sound)).toBeLessThan(0.001);
	expect(slate.complaints).toEqual([]);
});

test("a presenter alone fills the picture and is heard", async () => {
	ada = await publish(adaInvitation, ADA, false);
	await tap.untilShown((media) => place(media, ADA.colour).share > ALONE_SHARE, "Ada fills the picture");
	const { sound } = await tap.next(1);
	// Not all of it: at first the sound may be played one percent faster, to catch up with the picture.
	expect(toneShare(sound, ADA.toneHz)).toBeGreaterThan(0.6);
	expect(loudness(sound)).toBeGreaterThan(0.02);
});

test("a second one stands beside, in step by flash and beep; whole-segment players read it without an error", async () => {
	beaInvitation = await server.api.invite(webinarId, "presenter", "Bea");
	bea = await publish(beaInvitation, BEA, true);
	await tap.untilShown(showsBoth, "Ada and Bea side by side");
	const url = `${server.baseUrl}/live/${webinarId}/index.m3u8`;
	const [media, probed, read] = await Promise.all([
		tap.next(8),
		runCommand("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,height", "-of", "csv=p=0", url], 30_000),
		runCommand("ffmpeg", [..."-v error -progress pipe:1 -i".split(" "), url, ..."-t 20 -f null -".split(" ")], 60_000),
	]);
	expect(media.complaints).toEqual([]);
	const left = place(media, ADA.colour);
	const right = place(media, BEA.colour);
	expect(left.x).toBeLessThan(0.5);
	expect(right.x).toBeGreaterThan(0.5);
	expect(left.y).toBeCloseTo(right.y, 1);
	expect(left.share).toBeCloseTo(right.share, 1);
	expect(toneShare(media.sound, ADA.toneHz)).toBeGreaterThan(0.5);
	expect(toneShare(media.sound, BEA.toneHz)).toBeGreaterThan(0.02);
	expect(toneShare(media.sound, 800)).toBeLessThan(0.01);

	const middleOfBea = { x: right.x - 0.05, y: right.y - 0.05, width: 0.1, height: 0.1 };
	const flashes = flashTimes(media.frames, middleOfBea);
	expect(flashes.length).toBeGreaterThanOrEqual(14);
	expect(Math.abs(avOffsetMs(flashes, beepTimes(media.sound, BEA.toneHz)))).toBeLessThan(AV_OFFSET_LIMIT_MS);

	expect(probed).toMatchObject({ code: 0, stderr: "" });
	expect(probed.stdout).toContain("h264,720");
	expect(probed.stdout).toContain("aac");
	expect(read).toMatchObject({ code: 0, stderr: "" });
	const framesRead = read.stdout.match(/frame=\d+/g)?.at(-1);
	expect(Number(framesRead?.slice("frame=".length))).toBeGreaterThanOrEqual(595);
});

test("a presenter leaves and comes back without a discontinuity; the stream keeps every rule of LL-HLS", async () => {
	const validated = validateHls(`${server.baseUrl}/live/${webinarId}/index.m3u8`, { seconds: 10 });
	await ada?.close();
	await tap.untilShown((media) => place(media, BEA.colour).share > ALONE_SHARE, "Bea alone");
	expect(toneShare((await tap.next(1)).sound, ADA.toneHz)).toBeLessThan(0.05);
	ada = await publish(adaInvitation, ADA, false);
	await tap.untilShown(showsBoth, "Ada is back");
	expect(discontinuities()).toBe(0);
	expect(tap.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
	expect(await validated).toEqual([]);
});

const victims: [string, (children: ProcessInfo[], encoder: ProcessInfo) => number][] = [
	["the encoder's ffmpeg", (_children, encoder) => encoder.pid],
	["the programme's process", (_children, encoder) => encoder.parentPid],
];
test.each(victims)("the playlist continues after kill -9 of %s", async (_what, choose) => {
	const encoder = await eventually(
		async () => (await server.children()).find(({ command }) => /ffmpeg.*libx264/.test(command)),
		20_000,
		() => "no encoder runs",
	);
	const before = discontinuities();
	process.kill(choose(await server.children(), encoder), "SIGKILL");
	await tap.until(() => discontinuities() > before, "a discontinuity");
	expect(discontinuities()).toBe(before + 1);
	const isWhole = (media: DecodedMedia) => showsBoth(media) && toneShare(media.sound, ADA.toneHz) > 0.5;
	await tap.untilShown(isWhole, "both are seen and heard again");
});

test("its log tells who was on air and who spoke, by the programme's time", async () => {
	const log = await server.api.programmeLog(webinarId);
	const on = (personId: string | undefined) => ({ personId: personId ?? "", source: "camera" as const });
	const both = [adaInvitation, beaInvitation].map((invitation) => on(invitation?.person.personId));
	const shown = log.map(({ people }) => people.length);
	expect(shown.filter((count, index) => count !== shown[index - 1])).toEqual([0, 1, 2, 1, 2]);
	expect(log.find(({ people }) => people.length === 2)?.people).toEqual(both);
	// Her tone does not end, Bea beeps.
	expect(log.filter(({ speaker }) => speaker !== null).map(({ speaker }) => speaker)).toContainEqual(both[0]);
	const states = log.map(({ at: _, ...state }) => JSON.stringify(state));
	expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
	const times = log.map(({ at }) => Date.parse(at));
	expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("the end is told in every playlist, and the timeline has only gone forward", async () => {
	const { playlistUrls } = await fetchMultivariant(server.baseUrl, webinarId);
	expect(playlistUrls.length).toBeGreaterThanOrEqual(3); // two rungs and the sound alone
	await server.api.end(webinarId);
	await tap.until(() => tap.ended, "the end");
	for (const url of playlistUrls) {
		const text = await eventually(
			async () => {
				const found = await (await fetch(url)).text();
				return found.includes("#EXT-X-ENDLIST") && found;
			},
			20_000,
			() => `${url} does not end`,
		);
		expect(text).not.toContain("PRELOAD-HINT");
	}
	const sequences = tap.segments.map(({ sequence }) => sequence);
	expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
	expectForward(tap.segments);
	const again = await fetch(`${server.baseUrl}/whip/${webinarId}`, {
		method: "POST",
		headers: { "content-type": "application/sdp", authorization: `Bearer ${adaInvitation.token}` },
		body: "v=0",
	});
	expect(again.status).toBe(409);
	expect(await again.json()).toMatchObject({ code: "webinar-ended" });
});

/** Decode times of each track go up, across restarts too, and sequences of playlists never go back. */
function expectForward(segments: TappedSegment[]): void {
	const last = new Map<number, number>();
	for (const { bytes, sequence } of segments) {
		for (const { trackId, decodeTime = Number.NaN } of readFragments(bytes).flat()) {
			expect({ sequence, trackId, isLater: decodeTime > (last.get(trackId) ?? -1) }).toMatchObject({ isLater: true });
			last.set(trackId, decodeTime);
		}
	}
	const firsts = tap.updates.map(({ playlist }) => playlist.firstSequence);
	expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
}
