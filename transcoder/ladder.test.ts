import { expect, it } from "vitest";
import { ladderOfRenditions } from "./ladder.ts";

it("finds the ladder of what is published already, and none where a rung is not known any more", () => {
	const named = (...names: string[]) => ladderOfRenditions(names.map((name) => ({ name })));
	expect(named("720p", "240p", "audio")?.map(({ height }) => height)).toEqual([720, 240]);
	expect(named("720p", "4320p", "audio")).toBeUndefined();
	expect(named("audio")).toBeUndefined();
});
