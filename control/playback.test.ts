import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { playbackAddressSchema, type Webinar } from "../core/protocol/webinar.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { ADMIN_TOKEN, ControlBench, TOKEN_SECRET } from "./control.test-support.ts";

let bench: ControlBench;
let needingPasses: Set<string>;
beforeAll(async () => {
	bench = await ControlBench.start();
	needingPasses = watchPrivate(bench);
});
afterAll(() => bench.close());

const admin = { token: ADMIN_TOKEN };

function watchPrivate({ bus }: ControlBench): Set<string> {
	const ids = new Set<string>();
	bus.watch("playback-private", (id, value) => void (value ? ids.add(id) : ids.delete(id)));
	return ids;
}

async function privateWebinar(): Promise<Webinar> {
	const body = { title: "Board", access: "private" };
	return (await bench.request("POST", "/api/webinars", { ...admin, body })).body;
}

const addressOf = (id: string, token?: string) =>
	bench.request("GET", `/api/webinars/${id}/playback-address`, token === undefined ? {} : { token });

describe("a public webinar", () => {
	test("is what a webinar is that says nothing, and is played by anyone from an address without a pass", async () => {
		const { id, access } = await bench.liveWebinar();
		expect(access).toBe("public");
		const { status, body } = await addressOf(id);
		expect(status).toBe(200);
		expect(body).toEqual({ url: `${bench.url}/live/${id}/index.m3u8`, expiresAt: null });
		expect(needingPasses.has(id)).toBe(false);
	});
});

describe("a private webinar", () => {
	test("gives everyone who was invited the same address, and nobody else", async () => {
		const { id, access } = await privateWebinar();
		expect(access).toBe("private");
		const people = await Promise.all(
			(["host", "presenter", "attendee"] as const).map((role) => bench.invite(id, role)),
		);
		const answers = await Promise.all(
			[ADMIN_TOKEN, ...people.map(({ token }) => token)].map((by) => addressOf(id, by)),
		);
		const [first] = answers;
		for (const { status, body } of answers) expect([status, body]).toEqual([200, first?.body]);
		const { url, expiresAt } = playbackAddressSchema.parse(first?.body);
		const [, pass = ""] = new RegExp(`^${bench.url}/live/${id}/~([^/]+)/index.m3u8$`).exec(url) ?? [];
		const passes = createPlaybackPasses(TOKEN_SECRET, bench.clock);
		expect(passes.admits(id, pass)).toBe(true);
		expect(Date.parse(expiresAt ?? "")).toBeGreaterThan(bench.clock.now() + 6 * 3_600_000);

		const stranger = await bench.invite((await bench.createWebinar()).id, "attendee");
		expect(await addressOf(id)).toMatchObject({ status: 401, body: { code: "token-missing" } });
		expect(await addressOf(id, "x")).toMatchObject({ status: 401, body: { code: "token-invalid" } });
		expect(await addressOf(id, stranger.token)).toMatchObject({ status: 403, body: { code: "forbidden" } });
		expect(bench.logLines.filter((line) => line.includes(pass))).toEqual([]);
	});

	test("has no seats for whoever comes, and those it had as a public one remain", async () => {
		const { id } = await bench.createWebinar();
		const take = () => bench.request("POST", `/api/webinars/${id}/audience`, { body: { name: "Ann" } });
		const seat = await take();
		await bench.request("PATCH", `/api/webinars/${id}`, { ...admin, body: { access: "private" } });
		expect(await take()).toMatchObject({ status: 403, body: { code: "invitation-needed" } });
		expect((await addressOf(id, seat.body.token)).status).toBe(200);
		await bench.request("PATCH", `/api/webinars/${id}`, { ...admin, body: { access: "public" } });
		expect((await take()).status).toBe(201);
	});

	test("needs passes as soon as it is live, whenever that changes, and in the server's next life", async () => {
		const { id } = await privateWebinar();
		const patch = (access: string) => bench.request("PATCH", `/api/webinars/${id}`, { ...admin, body: { access } });
		await bench.request("POST", `/api/webinars/${id}/start`, admin);
		expect(needingPasses.has(id)).toBe(true);
		await patch("public");
		expect(needingPasses.has(id)).toBe(false);
		await patch("private");
		expect(needingPasses.has(id)).toBe(true);
		expect((await patch("secret")).body.code).toBe("invalid-body");

		const dataDir = bench.dataDir;
		await bench.close({ keepData: true });
		bench = await ControlBench.start({ dataDir });
		needingPasses = watchPrivate(bench);
		await bench.createWebinar();
		expect(needingPasses.has(id)).toBe(true);
		await bench.request("POST", `/api/webinars/${id}/end`, admin);
		await bench.request("DELETE", `/api/webinars/${id}`, admin);
		expect(needingPasses.has(id)).toBe(false);
	});
});
