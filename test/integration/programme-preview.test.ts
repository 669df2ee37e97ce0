import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { eventually } from "../support/deadline.ts";
import { framesDecoded, streamToneShare, videoColour } from "../support/page-media.ts";
import { fetchMultivariant } from "../support/programme-tap.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { colourDistance, type Rgb } from "../support/solid-picture.ts";
import { startSyntheticPresenter } from "../support/synthetic-presenter.ts";

const STEP_MS = 40_000;
const RED: Rgb = [190, 40, 40];
const BLUE: Rgb = [40, 60, 190];
/** Two lossy codecs and two changes of colour space. */
const COLOUR_TOLERANCE = 50;

let server: RostrumServer;
let browser: Browser;
let page: Page;
let webinarId: string;
const presenters: { close(): Promise<void> }[] = [];

beforeAll(async () => {
	server = await startRostrumServer();
	browser = await launchChromium();
	webinarId = (await server.api.createWebinar("A rehearsal")).id;
});

afterEach(({ task }) => {
	if (task.result?.state === "fail") console.error(server.log.slice(-40).join("\n"));
});

afterAll(async () => {
	await browser?.close();
	for (const presenter of presenters) await presenter.close();
	await server?.close();
});

async function present(name: string, colour: Rgb, toneHz: number): Promise<void> {
	const { token } = await server.api.invite(webinarId, "presenter", name);
	presenters.push(
		await startSyntheticPresenter({ endpoint: `${server.baseUrl}/whip/${webinarId}`, token, colour, toneHz }),
	);
}

const video = () => page.locator("video[data-preview]");

function untilShows(colour: Rgb, at: { x: number; y: number }, what: string): Promise<unknown> {
	return eventually(
		async () => colourDistance(await videoColour(video(), at), colour) < COLOUR_TOLERANCE,
		STEP_MS,
		() => `the preview does not show ${what}`,
	);
}

/** Each connection that is made anew makes some. */
const whepRequests = () =>
	page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => name.includes('/whep/')).length");

const programmeProcesses = async () =>
	(await server.children()).filter(({ command }) => command.includes("programme-process")).map(({ pid }) => pid);

test("a host sees and hears the programme before it is live, and on without a break when it is", async () => {
	await present("Ada", RED, 440);
	const host = await server.api.invite(webinarId, "host", "Hana");
	page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	page.setDefaultTimeout(STEP_MS);
	await page.goto(host.url);
	expect(await programmeProcesses()).toEqual([]);
	await page.getByRole("button", { name: "Show the preview" }).click();
	await untilShows(RED, { x: 0.5, y: 0.4 }, "who is on stage");
	expect(await video().evaluate((element) => element.muted)).toBe(true);
	expect(await streamToneShare(video(), 440)).toBeGreaterThan(0.5);
	expect((await fetch(`${server.baseUrl}/live/${webinarId}/index.m3u8`)).status).toBe(404);
	const before = await programmeProcesses();
	expect(before).toHaveLength(1);

	await present("Bea", BLUE, 1000);
	await untilShows(RED, { x: 0.25, y: 0.45 }, "the first beside the second");
	await untilShows(BLUE, { x: 0.75, y: 0.45 }, "the second");

	const requestsBefore = await whepRequests();
	await server.api.start(webinarId);
	await fetchMultivariant(server.baseUrl, webinarId);
	const frames = await framesDecoded(video());
	await eventually(
		async () => (await framesDecoded(video())) > frames + 30,
		STEP_MS,
		() => "the preview stands still once it is live",
	);
	await untilShows(BLUE, { x: 0.75, y: 0.45 }, "the second, live");
	expect(await programmeProcesses()).toEqual(before);
	expect(await whepRequests()).toBe(requestsBefore);
	// A page that is closed leaves nothing behind; the programme goes on for the audience.
	await page.getByRole("button", { name: "Close the preview" }).click();
	await eventually(
		async () => !(await (await fetch(`${server.baseUrl}/metrics`)).text()).includes('shown="programme"'),
		STEP_MS,
		() => "the preview's session does not end",
	);
	expect(await programmeProcesses()).toEqual(before);
});
