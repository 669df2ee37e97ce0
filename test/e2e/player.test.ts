import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { recordCodedFrames, SECOND_BITS, SECONDS_IN_BARS } from "../support/coded-recording.ts";
import { eventually } from "../support/deadline.ts";
import { numberInBars } from "../support/page-media.ts";
import { RecordedProgramme } from "../support/recorded-programme.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";

const STEP_MS = 30_000;
const AGE_S = 150;
const RECORDED_S = 400;
/** Seconds that a picture at the live edge may be old. */
const LIVE_WITHIN_S = 4;
/** Clicks hit a pixel of the seek bar, segments begin with keyframes, and machines are slow. */
const NEARLY_S = 6;

let server: RostrumServer;
let programme: RecordedProgramme;
let browser: Browser;
let watchUrl: string;
let page: Page;
/** What the network does with requests for media. */
let network: "carries" | "is silent" = "carries";

beforeAll(async () => {
	const recording = await recordCodedFrames(RECORDED_S, SECONDS_IN_BARS);
	// Its programme, which nobody watches, costs as little as can be: the page shows the recorded one.
	server = await startRostrumServer({ environment: { LADDER: "240" } });
	const { id } = await server.api.createWebinar("A webinar to go back in");
	await server.api.start(id);
	programme = await RecordedProgramme.start(id, recording, AGE_S * 1000);
	watchUrl = `${server.baseUrl}/watch/${id}`;
	browser = await launchChromium();
	page = await openPage({ viewport: { width: 960, height: 720 } });
});

afterEach(({ task }) => {
	network = "carries";
	if (task.result?.state === "fail") console.error(server.log.slice(-20).join("\n"));
});

afterAll(async () => {
	await browser?.close();
	await programme?.close();
	await server?.close();
});

/** `clockWrongByMs`: of the machine it is opened on; `hasEvents`: WebSockets get through. */
async function openPage(
	options: Parameters<Browser["newContext"]>[0],
	{ url = watchUrl, clockWrongByMs = 0, hasEvents = true } = {},
): Promise<Page> {
	const opened = await (await browser.newContext(options)).newPage();
	opened.setDefaultTimeout(STEP_MS);
	await opened.route("**/live/**", async (route) => {
		if (network === "is silent") return; // and what was asked then is never answered
		const url = new URL(route.request().url());
		url.host = `127.0.0.1:${programme.port}`;
		await route.continue({ url: url.href });
	});
	if (!hasEvents) await opened.routeWebSocket(/events/, (socket) => socket.close());
	await opened.addInitScript((wrongByMs) => {
		const rightNow = Date.now;
		Date.now = () => rightNow() + wrongByMs;
	}, clockWrongByMs);
	await opened.goto(url);
	await untilPlaying(opened);
	return opened;
}

const player = (from: Page): Locator => from.locator("[data-player-state]");
const video = (): Locator => player(page).locator("video");
const nowS = (): number => (Date.now() - programme.startsAtMs) / 1000;
/** The second of the programme whose picture is on the screen. */
const shownS = (): Promise<number> => numberInBars(video(), SECOND_BITS);
const behindS = async (): Promise<number> => nowS() - (await shownS());
const isRewound = async (): Promise<boolean> => (await player(page).getAttribute("data-rewound")) === "true";

async function untilPlaying(from: Page): Promise<void> {
	let state: string | null = null;
	await eventually(
		async () => {
			state = await player(from).getAttribute("data-player-state");
			return state === "playing";
		},
		STEP_MS,
		() => `the player is ${state}`,
	);
}

async function untilLive(): Promise<void> {
	let behind = Number.NaN;
	await eventually(
		async () => {
			behind = await behindS();
			return behind < LIVE_WITHIN_S && !(await isRewound());
		},
		STEP_MS,
		() => `the picture is ${behind} s old`,
	);
}

async function untilShown(isWanted: (second: number) => boolean, what: string): Promise<number> {
	let shown = Number.NaN;
	await eventually(
		async () => {
			shown = await shownS();
			return isWanted(shown);
		},
		STEP_MS,
		() => `${what} is not shown, but second ${shown}`,
	);
	return shown;
}

/** Brings the controls into sight. */
async function seekBar(): Promise<{ x: number; y: number; width: number; height: number }> {
	await video().hover();
	const box = await page.locator("media-time-range").boundingBox();
	if (!box) throw new Error("there is no seek bar");
	return box;
}

test("it plays at the live edge", async () => {
	await untilLive();
	await page.getByRole("button", { name: "Pause" }).waitFor();
	await page.getByRole("slider", { name: "Volume" }).waitFor();
});

test("who goes back sees what was then, and nothing hurries them", async () => {
	const box = await seekBar();
	await page.mouse.click(box.x + box.width * 0.4, box.y + box.height / 2);
	const wantedS = nowS() * 0.4;
	const shown = await untilShown((second) => Math.abs(second - wantedS) < NEARLY_S, `second ${wantedS}`);
	expect(await isRewound()).toBe(true);
	await page.getByRole("button", { name: "Go live" }).waitFor();
	await untilPlaying(page);
	const behind = await behindS();
	await untilShown((second) => second >= shown + 5, "what follows");
	expect(Math.abs((await behindS()) - behind)).toBeLessThan(NEARLY_S);
	expect(await video().evaluate((element) => element.playbackRate)).toBe(1);
});

test("a key goes ten seconds farther back", async () => {
	const before = await shownS();
	await page.keyboard.press("ArrowLeft");
	await untilShown((second) => second < before - 4, "what was before");
	expect(await isRewound()).toBe(true);
});

test("going live shows what is now", async () => {
	await page.getByRole("button", { name: "Go live" }).click();
	await untilLive();
	await untilPlaying(page);
});

test("after a pause it goes on where it was, and a key brings it back to now", async () => {
	await page.getByRole("button", { name: "Pause" }).click();
	const paused = await shownS();
	const pausedAtS = nowS();
	await eventually(
		() => nowS() > pausedAtS + 8,
		STEP_MS,
		() => "time stands still",
	);
	await page.getByRole("button", { name: "Play" }).click();
	await untilShown((second) => second > paused && second < paused + 4, "what follows the pause");
	// Not the sound alone: media time is counted from the first picture.
	const mediaTime = () => video().evaluate((element) => element.currentTime);
	await untilShown((second) => second > paused + 4, "what follows that");
	expect((await mediaTime()) - (await shownS())).toBeLessThan(2);
	expect(await isRewound()).toBe(true);
	await page.keyboard.press("l");
	await untilLive();
});

test("a short pause leaves nothing out", async () => {
	await untilLive();
	await untilPlaying(page);
	await page.getByRole("button", { name: "Pause" }).click();
	const pausedAtS = await video().evaluate((element) => element.currentTime);
	const sinceS = nowS();
	await eventually(
		() => nowS() > sinceS + 2,
		STEP_MS,
		() => "time stands still",
	);
	await video().evaluate((element) => {
		element.addEventListener("seeking", () => {
			element.dataset["sought"] = String(element.currentTime);
		});
	});
	await page.getByRole("button", { name: "Play" }).click();
	await eventually(
		async () => (await video().evaluate((element) => element.currentTime)) > pausedAtS + 3,
		STEP_MS,
		() => "it does not go on",
	);
	expect([pausedAtS, await video().getAttribute("data-sought")]).toEqual([pausedAtS, null]);
	await untilLive();
});

test("requests that nobody ever answers are asked anew once the network is back", async () => {
	network = "is silent";
	await eventually(
		async () => (await player(page).getAttribute("data-player-state")) === "stalled",
		STEP_MS,
		() => "it plays on without a network",
	);
	const stalledAtS = nowS();
	await eventually(
		() => nowS() > stalledAtS + 4,
		STEP_MS,
		() => "time stands still",
	);
	network = "carries";
	await untilPlaying(page);
	await untilLive();
});

/**
 * media-chrome makes the menu anew, and closes it, when the picture's size has changed a moment ago: whoever sees that opens it
 * again. Controls that come later than the pointer do not know of it, and take no click: it moves when the button is there.
 */
async function chooseQuality(name: string): Promise<void> {
	const button = page.getByRole("button", { name: "Quality" });
	const item = page.getByRole("menuitemradio", { name });
	await eventually(
		async () => {
			await button.waitFor();
			await page.mouse.move(0, 0);
			await video().hover();
			if (!(await item.isVisible())) await button.click();
			return await item.click({ timeout: 2000 }).then(
				() => true,
				() => false,
			);
		},
		STEP_MS,
		() => `${name} cannot be chosen`,
	);
}

test("the quality that is chosen is the one that is shown", async () => {
	const height = () => video().evaluate((element) => element.videoHeight);
	await chooseQuality("90p");
	await eventually(
		async () => (await height()) === 90,
		STEP_MS,
		() => "the picture is not the smaller one",
	);
	await chooseQuality("180p");
	await eventually(
		async () => (await height()) === 180,
		STEP_MS,
		() => "the picture is not the larger one",
	);
});

test.each([
	["embedded, with a clock that is slow,", "/embed/", { clockWrongByMs: -3_600_000 }],
	["embedded, with a clock that is fast,", "/embed/", { clockWrongByMs: 60_000 }],
	["without events, with a clock that is fast,", "/watch/", { clockWrongByMs: 60_000, hasEvents: false }],
] as const)("a player %s knows how far from live it is", async (_name, path, machine) => {
	const url = watchUrl.replace("/watch/", path);
	const opened = await openPage({ viewport: { width: 480, height: 270 } }, { url, ...machine });
	let told: number | null = null;
	await eventually(
		async () => {
			const attribute = await player(opened).getAttribute("data-latency-ms");
			told = attribute === null ? null : Number(attribute) / 1000;
			const behind = nowS() - (await numberInBars(player(opened).locator("video"), SECOND_BITS));
			return told !== null && Math.abs(told - behind) < 2;
		},
		STEP_MS,
		() => `it says ${told} s`,
	);
	await opened.context().close();
});

test("a phone that shows something else loads the smallest picture", async () => {
	const phone = await openPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
	const height = () =>
		player(phone)
			.locator("video")
			.evaluate((element) => element.videoHeight);
	const hide = (hidden: boolean) =>
		phone.evaluate(
			`Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
			document.dispatchEvent(new Event("visibilitychange"))`,
		);
	await eventually(
		async () => (await height()) === 180,
		STEP_MS,
		() => "it does not begin with the larger picture",
	);
	await hide(true);
	await eventually(
		async () => (await height()) === 90,
		STEP_MS,
		() => "it goes on with the larger picture",
	);
	await hide(false);
	await eventually(
		async () => (await height()) === 180,
		STEP_MS,
		() => "it stays with the smallest picture",
	);
	await phone.context().close();
});
