import { expect, test } from "vitest";
import { Lifecycle } from "./lifecycle.ts";

test("parts are closed one after the other, in reverse, although one fails", async () => {
	const steps: string[] = [];
	const lifecycle = new Lifecycle({ onError: (error, name) => steps.push(`${name}: ${(error as Error).message}`) });
	const part = (name: string) => ({
		async close() {
			steps.push(`${name} closes`);
			await new Promise((resolve) => setImmediate(resolve));
			steps.push(`${name} closed`);
		},
	});
	const first = part("first");
	expect(lifecycle.add("first", first)).toBe(first);
	lifecycle.add("second", {
		close() {
			throw new Error("stuck");
		},
	});
	lifecycle.add("third", part("third"));
	await lifecycle.close();
	expect(steps).toEqual(["third closes", "third closed", "second: stuck", "first closes", "first closed"]);
});

test("closing again waits for the one closing there is", async () => {
	let closed = 0;
	const lifecycle = new Lifecycle({ onError: () => {} });
	lifecycle.add("part", { close: () => closed++ });
	const closing = lifecycle.close();
	expect(lifecycle.close()).toBe(closing);
	await closing;
	expect(closed).toBe(1);
});
