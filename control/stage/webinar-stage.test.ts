import { beforeEach, describe, expect, test } from "vitest";
import type { RetainedTopics } from "../../core/protocol/bus-topics.ts";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import { createMemoryBus } from "../../core/runtime/bus.ts";
import { SILENCE_MS } from "./guests.ts";
import { plainSettings } from "./scene-settings.ts";
import { WebinarStage } from "./webinar-stage.ts";

const ID = "wwwwwwwwwwww";
const START = 1_700_000_000_000;
const links = { host: "http://x/h", stage: "http://x/s", watch: "http://x/w", embed: "http://x/e" };
const scheduled: Webinar = {
	id: ID,
	title: "Title",
	state: "scheduled",
	access: "public",
	startsAt: null,
	createdAt: "2026-01-01T00:00:00.000Z",
	startedAt: null,
	endedAt: null,
	links,
};
const live: Webinar = { ...scheduled, state: "live" };
const ended: Webinar = { ...scheduled, state: "ended" };

const host: Person = { personId: "p-hosthosthost", name: "Hedy", title: "", role: "host" };
const pia: Person = { personId: "p-piapiapiapia", name: "Pia", title: "Head of Research", role: "presenter" };
const ann: Person = { personId: "p-annannannann", name: "Ann", title: "", role: "attendee" };
const both = { audio: true, video: true };

let now: number;
let stage: WebinarStage;
let programmes: (RetainedTopics["programme"] | null)[];
let busEvents: [string, string][];
let told: string[];
/** The bus delivers in microtasks. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(webinar: Webinar): void {
	now = START;
	const bus = createMemoryBus({
		onError: (error) => {
			throw error;
		},
	});
	programmes = [];
	busEvents = [];
	told = [];
	bus.watch("programme", (_key, value) => programmes.push(value));
	bus.subscribe("person-removed", ({ personId }) => busEvents.push(["person-removed", personId]));
	bus.subscribe("webinar-closed", ({ webinarId }) => busEvents.push(["webinar-closed", webinarId]));
	stage = new WebinarStage(webinar, { clock: { now: () => now }, bus });
	stage.restore(plainSettings);
	stage.on("stage", () => told.push("stage"));
	stage.on("hands", () => told.push("hands"));
	stage.on("promotion", (personId) => told.push(`promotion ${personId}`));
}
const cast = () => stage.scene.people.map(({ name }) => name);

describe("scenes", () => {
	beforeEach(() => setUp(live));

	test("hold whoever publishes, in the order of first coming", () => {
		stage.publisherPresent(pia, "camera", both);
		stage.publisherPresent(host, "camera", both);
		expect(stage.scene).toMatchObject({ webinarId: ID, title: "Title" });
		expect(cast()).toEqual(["Pia", "Hedy"]);
		stage.publisherGone(pia.personId, "camera");
		expect(cast()).toEqual(["Hedy"]);
		stage.publisherPresent(pia, "camera", both);
		expect(cast()).toEqual(["Pia", "Hedy"]);
	});

	test("show a shared screen before everybody, under its owner's name", () => {
		stage.publisherPresent(pia, "camera", both);
		stage.publisherPresent(host, "camera", both);
		stage.publisherPresent(host, "screen", { audio: false, video: true });
		expect(cast()).toEqual(["Hedy (screen)", "Pia", "Hedy"]);
		expect(stage.scene.people[0]).toMatchObject({ personId: host.personId, source: "screen" });
		expect(stage.stage.people.map(({ screen }) => screen)).toEqual([false, true]);
		stage.publisherGone(host.personId, "screen");
		expect(cast()).toEqual(["Pia", "Hedy"]);
		stage.publisherPresent(host, "screen", { audio: false, video: true });
		stage.publisherGone(host.personId, "camera");
		expect(cast()).toEqual(["Hedy (screen)", "Pia"]);
		stage.setOnAir(host.personId, false);
		expect(cast()).toEqual(["Pia"]);
	});

	test("are numbered upwards, also when the clock stands still or goes back", () => {
		const versions = [stage.scene.version];
		stage.publisherPresent(pia, "camera", both);
		versions.push(stage.scene.version);
		now -= 5000;
		stage.publisherPresent(host, "camera", both);
		versions.push(stage.scene.version);
		now += 60_000;
		stage.publisherGone(host.personId, "camera");
		versions.push(stage.scene.version);
		expect(versions).toEqual([START, START + 1, START + 2, START + 55_000]);
	});

	test("start above those of a server that was restarted", () => {
		for (let i = 0; i < 10; i++) {
			now += 1000;
			stage.publisherPresent(pia, "camera", both);
			stage.publisherGone(pia.personId, "camera");
		}
		const { version } = stage.scene;
		const later = now + 1000;
		setUp(live);
		now = later;
		const restarted = new WebinarStage(live, {
			clock: { now: () => now },
			bus: createMemoryBus({ onError: () => {} }),
		});
		expect(restarted.scene.version).toBeGreaterThan(version);
	});

	test("stay as they are when the same is said again", () => {
		stage.publisherPresent(pia, "camera", both);
		const { version } = stage.scene;
		stage.publisherPresent(pia, "camera", both);
		expect(told).toEqual(["stage"]);
		stage.publisherPresent(pia, "camera", { audio: false, video: true });
		expect(told).toEqual(["stage", "stage"]);
		expect(stage.stage.people[0]).toMatchObject({ audio: false, video: true });
		expect(stage.scene.version).toBe(version);
	});

	test("say who has no picture, and under which title people stand", () => {
		stage.publisherPresent(pia, "camera", { audio: true, video: false });
		stage.publisherPresent(pia, "screen", { audio: false, video: true });
		expect(stage.scene.people).toEqual([
			{ personId: pia.personId, source: "screen", name: "Pia (screen)", title: "", video: true },
			{ personId: pia.personId, source: "camera", name: "Pia", title: "Head of Research", video: false },
		]);
	});

	test("leave out whom the host holds backstage, also when they come again", () => {
		stage.publisherPresent(pia, "camera", both);
		expect(stage.setOnAir(pia.personId, false)).toMatchObject({ name: "Pia", onAir: false });
		expect(cast()).toEqual([]);
		stage.publisherGone(pia.personId, "camera");
		stage.publisherPresent(pia, "camera", both);
		expect(cast()).toEqual([]);
		stage.setOnAir(pia.personId, true);
		expect(cast()).toEqual(["Pia"]);
	});

	test("take a new title", async () => {
		stage.webinarChanged({ ...live, title: "Another" });
		await settled();
		expect(programmes.at(-1)?.scene).toMatchObject({ title: "Another", version: START + 1 });
	});

	test("are not made for someone who does not publish", () => {
		expect(() => stage.setOnAir(pia.personId, true)).toThrow(expect.objectContaining({ code: "person-unknown" }));
	});
});

describe("the programme", () => {
	test("is asked for when the webinar starts, with whoever came to rehearse", async () => {
		setUp(scheduled);
		stage.publisherPresent(pia, "camera", both);
		await settled();
		expect(programmes).toEqual([]);
		stage.webinarChanged(live);
		stage.publisherPresent(host, "camera", both);
		await settled();
		expect(
			programmes.map((programme) => [programme?.desired, programme?.scene.people.map(({ name }) => name)]),
		).toEqual([
			["live", ["Pia"]],
			["live", ["Pia", "Hedy"]],
		]);
	});

	test("ends with the webinar, and everybody leaves", async () => {
		setUp(live);
		stage.publisherPresent(pia, "camera", both);
		stage.raiseHand(ann);
		told = [];
		stage.webinarChanged(ended);
		await settled();
		expect(programmes.at(-1)?.desired).toBe("ended");
		expect(busEvents).toEqual([["webinar-closed", ID]]);
		expect(stage.stage.people).toEqual([]);
		expect(stage.hands).toEqual([]);
		expect(stage.promotion(ann.personId)).toEqual({ state: "none" });
		expect(told).toEqual(["stage", "hands", `promotion ${ann.personId}`]);
	});

	test("is forgotten with a deleted webinar", async () => {
		setUp(scheduled);
		stage.webinarDeleted();
		await settled();
		expect(programmes).toEqual([null]);
		expect(busEvents).toEqual([["webinar-closed", ID]]);
	});

	test("takes nobody in after the end", async () => {
		setUp(ended);
		stage.publisherPresent(pia, "camera", both);
		stage.raiseHand(ann);
		await settled();
		expect(stage.stage.people).toEqual([]);
		expect(busEvents).toEqual([["person-removed", pia.personId]]);
		expect(stage.promotion(ann.personId)).toEqual({ state: "none" });
		expect(() => stage.acceptHand(ann.personId, "t")).toThrow(expect.objectContaining({ code: "webinar-ended" }));
	});
});

describe("a guest", () => {
	beforeEach(() => setUp(live));

	function bringOnStage(): void {
		stage.raiseHand(ann);
		stage.acceptHand(ann.personId, "token");
		stage.publisherPresent(ann, "camera", both);
	}

	test("comes on stage, into the scene, and is no raised hand any more", () => {
		bringOnStage();
		expect(stage.promotion(ann.personId)).toEqual({ state: "on-stage", token: "token" });
		expect(cast()).toEqual(["Ann"]);
		expect(stage.hands).toEqual([]);
		expect(told.filter((event) => event.startsWith("promotion"))).toHaveLength(3);
	});

	test.each([
		["leaves", () => stage.leave(ann.personId)],
		["is removed by the host", () => stage.remove(ann.personId)],
		[
			"is silent for too long",
			() => {
				stage.publisherGone(ann.personId, "camera");
				now += SILENCE_MS;
				stage.expire();
			},
		],
	])("who %s is disconnected and back in the audience", async (_how, end) => {
		bringOnStage();
		told = [];
		end();
		await settled();
		expect(stage.promotion(ann.personId)).toEqual({ state: "none" });
		expect(stage.isPromoted(ann.personId)).toBe(false);
		expect(cast()).toEqual([]);
		expect(busEvents).toEqual([["person-removed", ann.personId]]);
		expect(told).toContain(`promotion ${ann.personId}`);
		expect(told.filter((event) => event === "stage")).toHaveLength(1);
	});

	test("keeps the visit while the network is away for a moment", async () => {
		bringOnStage();
		stage.publisherGone(ann.personId, "camera");
		expect(cast()).toEqual([]);
		now += SILENCE_MS - 1;
		stage.expire();
		stage.publisherPresent(ann, "camera", both);
		now += SILENCE_MS;
		stage.expire();
		await settled();
		expect(cast()).toEqual(["Ann"]);
		expect(busEvents).toEqual([]);
	});

	test("who declines the offer may not publish on its token", async () => {
		stage.raiseHand(ann);
		stage.acceptHand(ann.personId, "token");
		stage.lowerHand(ann.personId);
		stage.publisherPresent(ann, "camera", both);
		await settled();
		expect(stage.stage.people).toEqual([]);
		expect(busEvents).toEqual([
			["person-removed", ann.personId],
			["person-removed", ann.personId],
		]);
	});

	test("is not held backstage for what a former visit was", () => {
		bringOnStage();
		stage.setOnAir(ann.personId, false);
		stage.leave(ann.personId);
		bringOnStage();
		expect(cast()).toEqual(["Ann"]);
	});

	test("sees the whole stage from the offer on, the rest of the audience those on air", () => {
		stage.publisherPresent(pia, "camera", both);
		stage.setOnAir(pia.personId, false);
		stage.raiseHand(ann);
		expect(stage.stageSeenBy(ann).people).toEqual([]);
		expect(stage.stageSeenBy(host).people).toHaveLength(1);
		stage.acceptHand(ann.personId, "token");
		expect(stage.stageSeenBy(ann).people).toMatchObject([{ name: "Pia", onAir: false }]);
	});
});

describe("the host", () => {
	beforeEach(() => setUp(live));

	test("takes a presenter off the stage, who may come again", async () => {
		stage.publisherPresent(pia, "camera", both);
		stage.remove(pia.personId);
		await settled();
		expect(cast()).toEqual([]);
		expect(busEvents).toEqual([["person-removed", pia.personId]]);
		stage.publisherPresent(pia, "camera", both);
		expect(cast()).toEqual(["Pia"]);
	});

	test("takes a hand down without disconnecting anyone", async () => {
		stage.raiseHand(ann);
		stage.remove(ann.personId);
		await settled();
		expect(stage.hands).toEqual([]);
		expect(busEvents).toEqual([]);
	});

	test("cannot remove who is not there", () => {
		expect(() => stage.remove(ann.personId)).toThrow(expect.objectContaining({ code: "person-unknown" }));
	});
});

test("an attendee who was never promoted does not leave anything", async () => {
	setUp(live);
	stage.raiseHand(ann);
	stage.leave(ann.personId);
	await settled();
	expect(stage.promotion(ann.personId)).toEqual({ state: "raised" });
	expect(busEvents).toEqual([]);
});
