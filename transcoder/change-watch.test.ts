import { beforeEach, describe, expect, it } from "vitest";
import { emptyScene, type LayoutKind, type Scene, tileKey } from "../core/protocol/scene.ts";
import { ChangeWatch, type ProgrammeChange } from "./change-watch.ts";

const ANN = { personId: "p-annannannann", source: "camera" as const };
const BEN = { personId: "p-benbenbenben", source: "camera" as const };

let version = 0;
function sceneOf(tiles: (typeof ANN)[], kind: LayoutKind = "grid"): Scene {
	const people = tiles.map((tile) => ({ ...tile, name: "", title: "", video: true }));
	const scene = emptyScene({ webinarId: "abcdefghijkl", version: version++, title: "" });
	return { ...scene, people, layout: { kind, pinned: null } };
}

let told: ProgrammeChange[];
let watch: ChangeWatch;
beforeEach(() => {
	told = [];
	watch = new ChangeWatch({ changed: (change) => told.push(change) });
});

describe("change watch", () => {
	it("tells the first picture, and then each that shows other people, another layout or speaker", () => {
		const empty = sceneOf([]);
		watch.shown(empty, undefined, 0);
		watch.shown(empty, undefined, 33);
		const both = sceneOf([ANN, BEN]);
		watch.shown(both, undefined, 67);
		watch.shown(both, tileKey(BEN), 100);
		watch.shown(sceneOf([ANN, BEN], "solo"), tileKey(BEN), 133);
		expect(told).toEqual([
			{ at: 0, layout: "grid", people: [], speaker: null },
			{ at: 67, layout: "grid", people: [ANN, BEN], speaker: null },
			{ at: 100, layout: "grid", people: [ANN, BEN], speaker: BEN },
			{ at: 133, layout: "solo", people: [ANN, BEN], speaker: BEN },
		]);
	});

	it("tells nothing when a scene changes in other ways", () => {
		const scene = sceneOf([ANN]);
		watch.shown(scene, tileKey(ANN), 0);
		watch.shown({ ...scene, title: "Another", lowerThird: { title: "Hello", subtitle: "" } }, tileKey(ANN), 33);
		expect(told).toHaveLength(1);
	});

	it("knows no speaker who is not on air any more", () => {
		watch.shown(sceneOf([ANN, BEN]), tileKey(BEN), 0);
		watch.shown(sceneOf([ANN]), tileKey(BEN), 33);
		watch.shown(sceneOf([ANN]), undefined, 67);
		expect(told.slice(1)).toEqual([{ at: 33, layout: "grid", people: [ANN], speaker: null }]);
	});
});
