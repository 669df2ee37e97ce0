import { beforeEach, describe, expect, it } from "vitest";
import type { MediaSource } from "../../core/protocol/stage.ts";
import { ActiveSpeaker } from "./active-speaker.ts";

const QUIET = 75;
/** Two seconds of somebody talking, as measured in windows of a fifth of a second: words, and the pauses between them. */
const SPEECH = [24, 21, 60, 25, 22, 23, 71, 26, 22, 28];
const WINDOWS_A_SECOND = 5;

let speaker: ActiveSpeaker;
beforeEach(() => {
	speaker = new ActiveSpeaker();
});

/** One window with those levels; `screen` in a name makes it the sound of a screen. */
function hear(levels: Record<string, number>): string | undefined {
	const source = (name: string): MediaSource => (name === "screen" ? "screen" : "camera");
	const told = Object.entries(levels).map(([personId, level]) => ({ personId, source: source(personId), level }));
	return speaker.hear(told)?.split(" ")[0];
}

/** Talks through `SPEECH` once, the others as `others` says. Returns who speaks after each window. */
function talk(name: string, others: Record<string, number>): (string | undefined)[] {
	return SPEECH.map((level) => hear({ ...others, [name]: level }));
}

describe("active speaker", () => {
	it("is nobody until somebody speaks", () => {
		for (let i = 0; i < 20; i++) expect(hear({ ann: QUIET, bob: 127 })).toBeUndefined();
	});

	it("is found within a second, and stays through pauses and silence", () => {
		const said = talk("ann", { bob: QUIET });
		expect(said.slice(WINDOWS_A_SECOND - 1)).toEqual(Array(SPEECH.length - WINDOWS_A_SECOND + 1).fill("ann"));
		for (let i = 0; i < 50; i++) expect(hear({ ann: QUIET, bob: QUIET })).toBe("ann");
	});

	it("changes within a second of somebody taking over, once", () => {
		talk("ann", { bob: QUIET });
		const said = talk("bob", { ann: QUIET });
		expect(said.indexOf("bob")).toBeLessThan(WINDOWS_A_SECOND);
		expect(said.lastIndexOf("ann")).toBeLessThan(said.indexOf("bob"));
	});

	it("does not change for a cough, however loud, nor for words of assent", () => {
		talk("ann", { bob: QUIET });
		const cough = [...SPEECH, ...SPEECH].map((ann, index) =>
			hear({ ann, bob: index === 5 || index === 6 ? 5 : QUIET }),
		);
		expect(new Set(cough)).toEqual(new Set(["ann"]));
		const assent = [...SPEECH, ...SPEECH].map((ann, index) => hear({ ann, bob: index % 5 === 0 ? 15 : QUIET }));
		expect(new Set(assent)).toEqual(new Set(["ann"]));
		const inSilence = SPEECH.map((_, index) => hear({ ann: QUIET, bob: index > 1 && index < 5 ? 10 : QUIET }));
		expect(new Set(inSilence)).toEqual(new Set(["ann"]));
	});

	it("does not flicker between two who talk at once, but follows who is clearly louder", () => {
		talk("ann", { bob: QUIET });
		for (const [index, level] of [...SPEECH, ...SPEECH].entries()) {
			expect(hear({ ann: level, bob: level + (index % 2 === 0 ? -3 : 3) })).toBe("ann");
		}
		expect(talk("bob", { ann: 40 }).at(-1)).toBe("bob");
	});

	it("never is a screen", () => {
		expect(talk("screen", { ann: QUIET })).toEqual(SPEECH.map(() => undefined));
		expect(talk("ann", { screen: 3 }).at(-1)).toBe("ann");
	});

	it("goes on from a life before, while they are there", () => {
		speaker = new ActiveSpeaker("ann camera");
		expect(hear({ ann: QUIET, bob: QUIET })).toBe("ann");
		expect(hear({ bob: QUIET })).toBeUndefined();
	});

	it("is forgotten when gone", () => {
		talk("ann", { bob: QUIET });
		expect(hear({ bob: QUIET })).toBeUndefined();
		expect(hear({ ann: 20, bob: QUIET })).toBeUndefined();
		expect(hear({})).toBeUndefined();
		expect(talk("bob", {}).at(-1)).toBe("bob");
	});
});
