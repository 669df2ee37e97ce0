import { expect, test } from "vitest";
import { initials } from "./initials.ts";

test.each([
	["Ada Lovelace", "AL"],
	["  grace brewster hopper ", "GH"],
	["Plato", "P"],
	["élodie", "É"],
	["🎻 Quartet", "🎻Q"],
	["", ""],
])("%j is %j", (name, expected) => expect(initials(name)).toBe(expected));
