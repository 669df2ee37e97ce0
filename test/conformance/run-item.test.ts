import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ForeignPage, startForeignPage } from "../support/foreign-page.ts";
import { wrtcClient } from "./clients/wrtc-client.ts";
import { type ConformanceTarget, features } from "./conformance-target.ts";
import { allItems } from "./items/all-items.ts";
import { runItem } from "./run-item.ts";

describe("a server that answers everything with 200 and a page", () => {
	let site: ForeignPage;
	let target: ConformanceTarget;
	beforeAll(async () => {
		site = await startForeignPage("<!doctype html><title>No WHIP</title>");
		target = {
			whip: `${site.url}whip`,
			whep: `${site.url}whep`,
			whipToken: "token",
			whepToken: "token",
			overloaded: { whip: `${site.url}whip` },
			strict: true,
			expects: features,
		};
	});
	afterAll(() => site?.close());

	it.for(allItems([wrtcClient]).filter(({ id }) => id !== "W14b"))("fails $id", async (item) => {
		const client = await wrtcClient.start();
		const { verdict, reason } = await runItem(item, target, [client]);
		await client.close();
		expect(verdict, reason).toBe("fail");
		expect(reason).not.toBe("");
	});

	it("skips what needs a client when there is none", async () => {
		const results = await Promise.all(allItems([wrtcClient]).map((item) => runItem(item, target, [])));
		expect(results.some(({ verdict }) => verdict === "skip")).toBe(true);
		expect(results.some(({ verdict }) => verdict === "pass")).toBe(false);
	});
});
