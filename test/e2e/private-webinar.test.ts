import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Invitation } from "../../core/protocol/webinar.ts";
import { launchChromium } from "../support/chromium.ts";
import { eventually } from "../support/deadline.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";

const STEP_MS = 30_000;

let server: RostrumServer;
let browser: Browser;
let webinarId: string;
let invitation: Invitation;

beforeAll(async () => {
	server = await startRostrumServer({ environment: { LADDER: "240" } });
	webinarId = (await server.api.createWebinar("Board meeting", "private")).id;
	invitation = await server.api.invite(webinarId, "attendee", "Ina");
	await server.api.start(webinarId);
	browser = await launchChromium();
});

afterEach(({ task }) => {
	if (task.result?.state === "fail") console.error(server.log.slice(-20).join("\n"));
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
});

/** A page of somebody else, and every address it asked for. */
async function open(url: string): Promise<{ page: Page; asked: string[] }> {
	const page = await (await browser.newContext()).newPage();
	page.setDefaultTimeout(STEP_MS);
	const asked: string[] = [];
	page.on("request", (request) => asked.push(request.url()));
	await page.goto(url);
	return { page, asked };
}

async function untilPlaying(page: Page): Promise<void> {
	let state: string | null = null;
	const player = page.locator("[data-player-state]");
	await player.waitFor({ state: "attached" });
	await eventually(
		async () => {
			state = await player.getAttribute("data-player-state");
			return state === "playing";
		},
		STEP_MS,
		() => `the player is ${state}`,
	);
}

const isLive = (url: string) => new URL(url).pathname.startsWith("/live/");
const statusOf = async (path: string) => (await fetch(`${server.baseUrl}/live/${webinarId}/${path}`)).status;

test("who was invited watches, at an address whose pass no log has, and nobody else does", async () => {
	const invited = await open(invitation.url);
	await untilPlaying(invited.page);
	const host = await open((await server.api.invite(webinarId, "host", "Hana")).url);
	await untilPlaying(host.page);
	await host.page.context().close();
	const media = invited.asked.filter(isLive);
	expect(media.length).toBeGreaterThan(3);
	expect(media.filter((url) => !url.includes(`/live/${webinarId}/~`))).toEqual([]);
	// The events have it in theirs, for a WebSocket has no headers.
	const tellingAll = invited.asked.filter((url) => url.includes(invitation.token) && !url.includes("/events?token="));
	expect(tellingAll).toEqual([]);
	expect(invited.page.url()).not.toContain(invitation.token);
	const [, pass = ""] = /\/(~[^/]+)\//.exec(media[0] ?? "") ?? [];
	expect([await statusOf("index.m3u8"), await statusOf(`${pass}/index.m3u8`)]).toEqual([403, 200]);
	expect(await statusOf(`${pass}x/index.m3u8`)).toBe(403);

	for (const page of ["watch", "embed"]) {
		const stranger = await open(`${server.baseUrl}/${page}/${webinarId}`);
		await stranger.page.getByRole("heading", { name: "This webinar is private" }).waitFor();
		expect(stranger.asked.filter(isLive)).toEqual([]);
		await stranger.page.context().close();
	}
	expect(server.log.filter((line) => line.includes(pass) || line.includes(invitation.token))).toEqual([]);

	await server.api.setAccess(webinarId, "public");
	const anyone = await open(`${server.baseUrl}/watch/${webinarId}`);
	await untilPlaying(anyone.page);
	await untilPlaying(invited.page);
	await server.api.setAccess(webinarId, "private");
	expect(await statusOf("index.m3u8")).toBe(403);
	// It had taken a seat while anyone could.
	await eventually(
		() => anyone.asked.some((url) => url.includes(`/live/${webinarId}/~`)),
		STEP_MS,
		() => "the page goes on with the address that is refused",
	);
	await untilPlaying(anyone.page);
});
