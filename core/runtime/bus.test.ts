import { beforeEach, describe, expect, test } from "vitest";
import type { RetainedTopics } from "../protocol/bus-topics.ts";
import { emptyScene } from "../protocol/scene.ts";
import { type Bus, createMemoryBus } from "./bus.ts";

let bus: Bus;
let errors: [unknown, string][];
beforeEach(() => {
	errors = [];
	bus = createMemoryBus({ onError: (error, topic) => errors.push([error, topic]) });
});
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const gone = (personId: string) => bus.publish("publisher-gone", { webinarId: "w", personId, source: "camera" });

describe("events", () => {
	test("come in their order, after the publisher is done", async () => {
		const heard: string[] = [];
		bus.subscribe("publisher-gone", ({ personId }) => heard.push(personId));
		gone("a");
		gone("b");
		expect(heard).toEqual([]);
		await settled();
		expect(heard).toEqual(["a", "b"]);
	});

	test("do not come to who subscribes later, or has ended the subscription", async () => {
		const heard: string[] = [];
		const stop = bus.subscribe("publisher-gone", ({ personId }) => heard.push(`early ${personId}`));
		gone("a");
		bus.subscribe("publisher-gone", ({ personId }) => heard.push(`late ${personId}`));
		await settled();
		gone("b");
		stop();
		await settled();
		expect(heard).toEqual(["early a", "late b"]);
	});

	test("come to everyone although one listener throws", async () => {
		const heard: string[] = [];
		const error = new Error("broken");
		bus.subscribe("publisher-gone", () => {
			throw error;
		});
		bus.subscribe("publisher-gone", ({ personId }) => heard.push(personId));
		gone("a");
		await settled();
		expect(heard).toEqual(["a"]);
		expect(errors).toEqual([[error, "publisher-gone"]]);
	});

	test("of other topics do not come", async () => {
		const heard: string[] = [];
		bus.subscribe("webinar-closed", ({ webinarId }) => heard.push(webinarId));
		gone("a");
		await settled();
		expect(heard).toEqual([]);
	});
});

describe("retained values", () => {
	const programme = (version: number): RetainedTopics["programme"] => ({
		desired: "live",
		scene: emptyScene({ webinarId: "w", version, title: "t" }),
	});

	test("are told to whoever watches, now or later: the last of each key, without those removed", async () => {
		const early: [string, number | undefined][] = [];
		const late: [string, number | undefined][] = [];
		bus.watch("programme", (key, value) => early.push([key, value?.scene.version]));
		bus.retain("programme", "one", programme(1));
		bus.retain("programme", "one", programme(2));
		bus.retain("programme", "two", programme(3));
		bus.retain("programme", "two", null);
		bus.retain("programme", "three", programme(4));
		await settled();
		bus.watch("programme", (key, value) => late.push([key, value?.scene.version]));
		await settled();
		expect(early).toEqual([
			["one", 1],
			["one", 2],
			["two", 3],
			["two", undefined],
			["three", 4],
		]);
		expect(late).toEqual([
			["one", 2],
			["three", 4],
		]);
	});

	test("are told no more once the watch has ended", async () => {
		const seen: string[] = [];
		bus.retain("programme", "one", programme(1));
		bus.watch("programme", (key) => seen.push(key))();
		await settled();
		expect(seen).toEqual([]);
	});
});
