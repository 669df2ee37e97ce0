import { expect, test } from "vitest";
import { composeRtcp } from "./rtcp-compound.ts";

const head = [Buffer.from("head")];
const first = [Buffer.from("report")];
const compose = (packets: Buffer[], finals: Buffer[]) =>
	composeRtcp({ first, head, packets, finals }).map((compound) => compound.toString().replace(/\.+/g, "."));

test("all that fits goes together", () => {
	expect(compose([Buffer.from("a"), Buffer.from("b")], [])).toEqual(["reportab"]);
	expect(compose([], [])).toEqual(["report"]);
});

test("what does not fit begins another, with a head of its own", () => {
	const big = (name: string) => Buffer.from(name.padEnd(700, "."));
	expect(compose([big("a"), big("b"), Buffer.from("c")], [])).toEqual(["reporta.", "headb.c"]);
	expect(compose([Buffer.alloc(2_000, ".")], [])).toEqual(["report."]);
});

test("nothing follows one that may end in padding", () => {
	expect(compose([Buffer.from("a")], [Buffer.from("1"), Buffer.from("2")])).toEqual(["reporta1", "head2"]);
});
