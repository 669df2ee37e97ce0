import { describe, expect, it } from "vitest";
import type { LayoutKind } from "../../core/protocol/scene.ts";
import type { Placement } from "./placement.ts";
import { Seating } from "./seating.ts";

const canvas = { width: 1280, height: 720 };

/** Moves through speakers and scenes, and tells whom each step shows, in the order of places. */
class Walk {
	readonly #seating = new Seating(canvas);
	#before: Placement[] = [];
	moved = 0;

	to(kind: LayoutKind, names: string, speaker?: string): string {
		const people = [...names].map((personId) => ({
			personId,
			source: "camera" as const,
			name: personId,
			title: "",
			video: true,
		}));
		const placements = this.#seating.layOut({ people, layout: { kind, pinned: null } }, speaker && `${speaker} camera`);
		const places = new Map(this.#before.map(({ key, rect }) => [key, JSON.stringify(rect)]));
		this.moved = placements.filter(({ key, rect }) => {
			const place = places.get(key);
			return place !== undefined && place !== JSON.stringify(rect);
		}).length;
		this.#before = placements;
		return placements.map(({ key }) => key.split(" ")[0]).join("");
	}
}

describe("seating", () => {
	it("moves only the two who change places when the speaker does", () => {
		const walk = new Walk();
		expect(walk.to("speaker", "abcde")).toBe("abcde");
		expect(walk.to("speaker", "abcde", "d")).toBe("dbcae");
		expect(walk.moved).toBe(2);
		expect(walk.to("speaker", "abcde", "b")).toBe("bdcae");
		expect(walk.moved).toBe(2);
		expect(walk.to("speaker", "abcde", "e")).toBe("edcab");
		expect(walk.moved).toBe(2);
	});

	it("lets a speaker from outside in, and the one before stay", () => {
		const walk = new Walk();
		expect(walk.to("speaker", "abcdefgh", "a")).toBe("abcdef");
		expect(walk.to("speaker", "abcdefgh", "h")).toBe("hbcdea");
		expect(walk.moved).toBe(1);
		expect(walk.to("speaker", "abcdefgh", "a")).toBe("abcdeh");
		expect(walk.to("speaker", "abcdefgh", "h")).toBe("hbcdea");
	});

	it("keeps a full grid as it is but for one place", () => {
		const walk = new Walk();
		const names = "abcdefghijklmnopqrs";
		expect(walk.to("grid", names)).toBe("abcdefghijklmnop");
		expect(walk.to("grid", names, "s")).toBe("abcdefghijklmnos");
		expect(walk.to("grid", names, "b")).toBe("abcdefghijklmnos");
		expect(walk.to("grid", names, "q")).toBe("abcdefghijklmnoq");
		expect(walk.moved).toBe(0);
	});

	it("keeps the two beside each other while they speak in turns", () => {
		const walk = new Walk();
		expect(walk.to("side-by-side", "abc", "c")).toBe("ac");
		expect(walk.to("side-by-side", "abc", "a")).toBe("ac");
		expect(walk.to("side-by-side", "abc", "c")).toBe("ac");
		expect(walk.moved).toBe(0);
	});

	it("closes up behind who leaves, and puts who comes at the end", () => {
		const walk = new Walk();
		walk.to("speaker", "abcde", "d");
		expect(walk.to("speaker", "abde", "d")).toBe("dabe");
		expect(walk.to("speaker", "abdef", "d")).toBe("dabef");
		expect(walk.to("speaker", "abef")).toBe("abef");
	});

	it("begins anew with another layout", () => {
		const walk = new Walk();
		walk.to("speaker", "abcd", "c");
		expect(walk.to("grid", "abcd", "c")).toBe("abcd");
		expect(walk.to("speaker", "abcd", "d")).toBe("dabc");
	});
});
