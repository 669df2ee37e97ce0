import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Invitation } from "../../core/protocol/webinar.ts";
import { launchChromium } from "../support/chromium.ts";
import { eventually } from "../support/deadline.ts";
import type { DecodedMedia } from "../support/decode-media.ts";
import { writeFakeCamera, writeFakeMicrophone } from "../support/fake-devices.ts";
import { startForeignPage } from "../support/foreign-page.ts";
import { loseMediaWorkers, withDebugger } from "../support/lose-media-workers.ts";
import { type Area, findColour, meanColour } from "../support/measure-picture.ts";
import { toneShare } from "../support/measure-sound.ts";
import { framesDecoded, streamToneShare, videoColour } from "../support/page-media.ts";
import { fetchMultivariant, ProgrammeTap } from "../support/programme-tap.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { colourDistance, type Rgb } from "../support/solid-picture.ts";

interface Actor {
	name: string;
	colour: Rgb;
	toneHz: number;
}

const ADA: Actor = { name: "Ada", colour: [190, 40, 40], toneHz: 440 };
const BEA: Actor = { name: "Bea", colour: [40, 60, 190], toneHz: 1000 };
const CLEO: Actor = { name: "Cleo", colour: [40, 150, 60], toneHz: 1550 };

const STEP_MS = 30_000;
const WATCHED_MS = 30_000;
const LATENCY_LIMIT_MS = 3000;
/** Of the picture; with three people a tile takes a quarter less its gutters. */
const TILE_SHARE = 0.12;
/** Cameras pass two lossy codecs and two changes of colour space. */
const COLOUR_TOLERANCE = 50;
/** Of the sound's energy; three speak at a time, and browsers level their microphones as they see fit. */
const TONE_SHARE = 0.05;
const VIEWPORT = { width: 640, height: 480 };
const CENTRE = { x: 0.5, y: 0.5 };
/** Where it begins, of the programme's picture. */
const LOWER_THIRD: Area = { x: 0.06, y: 0.76, width: 0.08, height: 0.06 };
const SCREEN: Rgb = [230, 200, 40];

let server: RostrumServer;
let folder: string;
let webinarId: string;
let tap: ProgrammeTap;
const browsers: Browser[] = [];
/** The viewer's; the host and the foreign page are in it as well. */
let audience: Browser;
let hostUrl: string;
let invitations: { ada: Invitation; bea: Invitation };
let adaPage: Page;
let beaPage: Page;
let viewerPage: Page;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "rostrum-e2e-"));
	// Three browsers that code video share two cores with it: what is judged here needs no more lines.
	server = await startRostrumServer({ environment: { ...withDebugger, LADDER: "360,240" } });
	webinarId = (await server.api.createWebinar("A webinar from end to end")).id;
	hostUrl = (await server.api.invite(webinarId, "host", "Hana")).url;
	invitations = {
		ada: await server.api.invite(webinarId, "presenter", ADA.name),
		bea: await server.api.invite(webinarId, "presenter", BEA.name),
	};
	adaPage = await openPage(await browserOf(ADA), invitations.ada.url);
	beaPage = await openPage(await browserOf(BEA), invitations.bea.url);
	audience = await browserOf(CLEO);
	viewerPage = await openPage(audience, `${server.baseUrl}/watch/${webinarId}`);
});

afterEach(({ task }) => {
	if (task.result?.state === "fail") console.error(server.log.slice(-40).join("\n"));
});

afterAll(async () => {
	await tap?.close();
	await Promise.all(browsers.map((browser) => browser.close()));
	await server?.close();
	await rm(folder, { recursive: true, force: true });
});

async function browserOf({ name, colour, toneHz }: Actor): Promise<Browser> {
	const devices = { cameraPath: join(folder, `${name}.y4m`), microphonePath: join(folder, `${name}.wav`) };
	await writeFakeCamera(devices.cameraPath, colour);
	await writeFakeMicrophone(devices.microphonePath, toneHz);
	const browser = await launchChromium(devices);
	browsers.push(browser);
	return browser;
}

/** Opens the host's page for some steps alone, as its preview of the programme costs a decoder. */
async function asHost(steps: (page: Page) => Promise<void>): Promise<void> {
	const page = await openPage(audience, hostUrl);
	await steps(page);
	await page.close();
}

async function openPage(browser: Browser, url: string): Promise<Page> {
	const page = await browser.newPage({ viewport: VIEWPORT });
	page.setDefaultTimeout(STEP_MS);
	await page.goto(url);
	return page;
}

function shows({ frames }: DecodedMedia, { colour }: Actor): boolean {
	const last = frames.at(-1);
	return last !== undefined && findColour(last, colour).share > TILE_SHARE;
}

function untilShown(actors: Actor[], absent: Actor[], what: string): Promise<DecodedMedia> {
	return tap.untilShown(
		(media) => actors.every((one) => shows(media, one)) && !absent.some((one) => shows(media, one)),
		what,
	);
}

/** All of them in one segment. */
async function untilHeard(actors: Actor[]): Promise<void> {
	await tap.untilShown(
		({ sound }) => actors.every(({ toneHz }) => toneShare(sound, toneHz) > TONE_SHARE),
		"every tone",
	);
}

const player = (page: Page): Locator => page.locator("[data-player-state]");
const tileOf = (page: Page, { person }: Invitation): Locator =>
	page.locator(`figure[data-person="${person.personId}"] video`);

/** That a `<video>` goes on, and shows and sounds like somebody. */
async function expectLive(video: Locator, { name, colour, toneHz }: Actor): Promise<void> {
	let seen: unknown;
	await eventually(
		async () => {
			seen = await videoColour(video, CENTRE);
			return colourDistance(seen as Rgb, colour) < COLOUR_TOLERANCE;
		},
		STEP_MS,
		() => `${name} is not seen, but ${seen}`,
	);
	const before = await framesDecoded(video);
	await eventually(
		async () => (await framesDecoded(video)) > before + 15,
		STEP_MS,
		() => `${name} stands still`,
	);
	expect(await streamToneShare(video, toneHz)).toBeGreaterThan(0.3);
}

async function untilPlaying(page: Page): Promise<void> {
	await eventually(
		async () => (await player(page).getAttribute("data-player-state")) === "playing",
		STEP_MS,
		() => "the player does not play",
	);
	const video = player(page).locator("video");
	const before = await framesDecoded(video);
	await eventually(
		async () => (await framesDecoded(video)) > before + 30,
		STEP_MS,
		() => "the player stands still",
	);
}

test("two presenters go on air from their pages; their pictures and tones are in the programme", async () => {
	await asHost(async (page) => {
		await page.getByRole("button", { name: "Start webinar" }).click();
		await page.getByRole("button", { name: "End webinar" }).waitFor();
	});
	tap = await ProgrammeTap.start({ baseUrl: server.baseUrl, webinarId });
	for (const page of [adaPage, beaPage]) {
		await page.getByRole("button", { name: "Go on air" }).click();
		await page.getByText("You are on air").waitFor();
	}
	const media = await untilShown([ADA, BEA], [], "Ada and Bea side by side");
	const last = media.frames.at(-1);
	if (!last) throw new Error("no frame");
	const [left, right] = [findColour(last, ADA.colour), findColour(last, BEA.colour)];
	expect(left.x).toBeLessThan(0.5);
	expect(right.x).toBeGreaterThan(0.5);
	expect(left.y).toBeCloseTo(right.y, 1);
	await untilHeard([ADA, BEA]);
});

test("each presenter sees and hears the other", async () => {
	await expectLive(tileOf(adaPage, invitations.bea), BEA);
	await expectLive(tileOf(beaPage, invitations.ada), ADA);
	// Two tiles share the page's width.
	for (const tile of await adaPage.locator("figure[data-person]").all()) {
		expect((await tile.boundingBox())?.width).toBeGreaterThan(VIEWPORT.width / 4);
	}
});

test("the host puts one presenter alone into the picture with a lower third, and takes both back", async () => {
	await asHost(async (page) => {
		const pin = page.locator(`li[data-person="${invitations.ada.person.personId}"] button.pin`);
		const layout = (kind: string) => page.locator(`button[data-layout="${kind}"]`);
		await layout("solo").click();
		await pin.click();
		await page.getByLabel("Lower third, first line").fill("A line across the lower part of it");
		await page.getByRole("button", { name: "Show", exact: true }).click();
		await page.getByText("In the picture now").waitFor();
		await tap.untilShown(({ frames }) => {
			const last = frames.at(-1);
			if (!last || colourDistance(meanColour(last, LOWER_THIRD), ADA.colour) < COLOUR_TOLERANCE) return false;
			return findColour(last, ADA.colour).share > 0.5 && findColour(last, BEA.colour).share < 0.01;
		}, "Ada alone above a lower third");
		await page.getByRole("button", { name: "Hide" }).click();
		await tap.untilShown(({ frames }) => {
			const last = frames.at(-1);
			return last !== undefined && colourDistance(meanColour(last, LOWER_THIRD), ADA.colour) < COLOUR_TOLERANCE;
		}, "Ada without a lower third");
		await pin.click();
		await layout("grid").click();
		await page.locator('button[data-layout="grid"][aria-pressed="true"]').waitFor();
	});
	await untilShown([ADA, BEA], [], "Ada and Bea side by side again");
});

test("a viewer watches on, at the live edge, while a presenter leaves and rejoins", async () => {
	await untilPlaying(viewerPage);
	const watched = player(viewerPage);
	const framesBefore = await framesDecoded(watched.locator("video"));
	const startedAtMs = performance.now();
	const states = new Set<string | null>();

	const rejoining = (async () => {
		await beaPage.getByRole("button", { name: "Leave the stage" }).click();
		await untilShown([ADA], [BEA], "Ada alone");
		await beaPage.getByRole("button", { name: "Go on air" }).click();
		await untilShown([ADA, BEA], [], "Bea is back");
	})();
	while (performance.now() - startedAtMs < WATCHED_MS) {
		states.add(await watched.getAttribute("data-player-state"));
		await viewerPage.waitForTimeout(500);
	}
	await rejoining;
	// Where the machine stands still, so does the picture, for a moment; the player makes up for it by itself.
	expect([...states].filter((state) => state !== "playing" && state !== "stalled")).toEqual([]);
	let latencyMs = Number.NaN;
	await eventually(
		async () => {
			latencyMs = Number(await watched.getAttribute("data-latency-ms"));
			return (await watched.getAttribute("data-player-state")) === "playing" && latencyMs < LATENCY_LIMIT_MS;
		},
		STEP_MS,
		() => `not at the live edge, but ${latencyMs} ms behind`,
	);
	expect(latencyMs).toBeGreaterThan(0);
	// Of 30 a second: a frozen picture has none.
	expect((await framesDecoded(watched.locator("video"))) - framesBefore).toBeGreaterThan((WATCHED_MS / 1000) * 10);
	expect(colourDistance(await videoColour(watched.locator("video"), { x: 0.25, y: 0.5 }), ADA.colour)).toBeLessThan(
		COLOUR_TOLERANCE,
	);
	// None by who comes and goes: there is one for each encoder that an overloaded programme has exchanged.
	const encoders = server.log.filter((line) => line.includes("encoder is live")).length;
	expect(tap.segments.filter(({ discontinuity }) => discontinuity).length).toBeLessThan(encoders);
});

test("the host sees how the programme plays for the viewer", async () => {
	await asHost(async (page) => {
		const panel = page.getByRole("region", { name: "How viewers see it" });
		await panel.getByText("1 player", { exact: true }).waitFor();
		await panel.getByText(/^(360|240)p/).waitFor();
		const delay = panel.locator("dl > div").filter({ hasText: "Delay" });
		await delay.getByText(/^\d+\.\d\ss$/).waitFor();
		const seconds = Number.parseFloat((await delay.locator(".value").textContent()) ?? "");
		expect(seconds).toBeGreaterThan(0);
		// As it was up to ten seconds ago, whatever the machine was busy with then.
		expect(seconds).toBeLessThan(10);
	});
});

test("a viewer is brought on stage and goes back to the programme", async () => {
	await viewerPage.getByRole("button", { name: "Raise hand" }).click();
	await viewerPage.getByLabel("Your name").fill(CLEO.name);
	await viewerPage.getByRole("button", { name: "Continue" }).click();
	await asHost(async (page) => {
		await page.getByRole("button", { name: "Accept" }).click();
		await page.getByText("Invited, has yet to come").waitFor();
	});
	await viewerPage.getByRole("dialog").getByRole("button", { name: "Join the stage" }).click();

	const media = await untilShown([ADA, BEA, CLEO], [], "all three");
	expect(media.complaints).toEqual([]);
	await untilHeard([ADA, BEA, CLEO]);
	await expectLive(tileOf(viewerPage, invitations.ada), ADA);
	await expectLive(tileOf(viewerPage, invitations.bea), BEA);
	const guestTile = adaPage.locator("figure[data-slot]").filter({ hasText: CLEO.name });
	await expectLive(guestTile.locator("video"), CLEO);

	await asHost(async (page) => {
		const guest = page.getByRole("listitem").filter({ hasText: CLEO.name });
		await guest.getByRole("button", { name: "Remove from stage" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
		await guest.waitFor({ state: "detached" });
	});
	await untilPlaying(viewerPage);
	await untilShown([ADA, BEA], [CLEO], "Cleo has gone");
	await eventually(
		async () =>
			colourDistance(await videoColour(player(viewerPage).locator("video"), { x: 0.25, y: 0.5 }), ADA.colour) <
			COLOUR_TOLERANCE,
		STEP_MS,
		() => "the programme is not seen again",
	);
});

test("a shared screen stands beside its owner, in the programme and on stage", async () => {
	// Headless there is no screen to choose from: this is the browser's dialog and what comes of it.
	await adaPage.evaluate(`navigator.mediaDevices.getDisplayMedia = async () => {
		const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
		const context = canvas.getContext("2d");
		setInterval(() => {
			context.fillStyle = "rgb(${SCREEN.join()})";
			context.fillRect(0, 0, 640, 360);
		}, 100);
		return canvas.captureStream(10);
	}`);
	const share = adaPage.getByRole("button", { name: "Share your screen" });
	await share.click();
	const screen = { ...ADA, colour: SCREEN };
	await untilShown([ADA, BEA, screen], [], "the screen beside Ada and Bea");
	const tile = beaPage.locator('figure[data-source="screen"]');
	await eventually(
		async () => colourDistance(await videoColour(tile.locator("video"), CENTRE), SCREEN) < COLOUR_TOLERANCE,
		STEP_MS,
		() => "Bea does not see the screen",
	);
	await tile.getByText("Ada’s screen").waitFor();
	await share.click();
	await untilShown([ADA, BEA], [screen], "the screen is gone");
	await tile.waitFor({ state: "detached" });
});

test("the stage comes back by itself when what carries its media is lost", async () => {
	const connected = () => server.log.filter((line) => line.includes("media connected")).length;
	const before = connected();
	await loseMediaWorkers(server);
	// Two people, each with a connection up and one down.
	await eventually(
		async () => connected() >= before + 4,
		STEP_MS,
		() => `${connected() - before} connections came back`,
	);
	await expectLive(tileOf(adaPage, invitations.bea), BEA);
	await expectLive(tileOf(beaPage, invitations.ada), ADA);
	await untilShown([ADA, BEA], [], "both are in the programme again");
});

test("the player sits in a page of another origin", async () => {
	const { links } = await server.api.read(webinarId);
	const foreign = await startForeignPage(
		`<!doctype html><title>News</title><iframe src="${links.embed}" width="640" height="360" allow="autoplay; fullscreen"></iframe>`,
	);
	const page = await openPage(audience, foreign.url);
	try {
		const embedded = page.frameLocator("iframe").locator("[data-player-state] video");
		await eventually(
			async () => colourDistance(await videoColour(embedded, { x: 0.25, y: 0.5 }), ADA.colour) < COLOUR_TOLERANCE,
			STEP_MS,
			() => "the programme is not seen",
		);
		const before = await framesDecoded(embedded);
		await eventually(
			async () => (await framesDecoded(embedded)) > before + 60,
			STEP_MS,
			() => "the picture stands still",
		);
	} finally {
		await page.close();
		await foreign.close();
	}
});

test("the host ends the webinar; everyone sees so, and every playlist says so", async () => {
	const { playlistUrls } = await fetchMultivariant(server.baseUrl, webinarId);
	await asHost(async (page) => {
		await page.getByRole("button", { name: "End webinar" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "End for everyone" }).click();
		await page.getByText("The webinar has ended").waitFor();
	});
	await tap.until(() => tap.ended, "the end");
	for (const url of playlistUrls) expect(await (await fetch(url)).text()).toContain("#EXT-X-ENDLIST");
	await viewerPage.getByRole("heading", { name: "This webinar has ended" }).waitFor();
	for (const page of [adaPage, beaPage]) await page.getByText("Ended", { exact: true }).waitFor();
});
