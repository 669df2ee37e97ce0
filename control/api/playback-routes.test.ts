import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Audience, PlaybackReport } from "../../core/protocol/playback.ts";
import { ADMIN_TOKEN, ControlBench } from "../control.test-support.ts";

let bench: ControlBench;
beforeAll(async () => {
	bench = await ControlBench.start();
});
afterAll(() => bench.close());

const viewers = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"] as const;

function reportOf(viewer: string, report: Partial<PlaybackReport> = {}): PlaybackReport {
	return { viewer, state: "playing", stalls: 0, stalledMs: 0, ...report };
}

const send = (webinarId: string, body: unknown) =>
	bench.request("POST", `/api/webinars/${webinarId}/playback`, { body });

const metric = async (name: string) =>
	Number(new RegExp(`^${name.replaceAll(/[{}"]/g, "\\$&")} (.+)$`, "m").exec(await bench.metrics.metrics())?.[1]);

test("what players report reaches the hosts, and nobody else", async () => {
	const { id } = await bench.liveWebinar();
	const host = await bench.connect(id, (await bench.invite(id, "host")).token);
	const attendee = await bench.connect(id, (await bench.invite(id, "attendee")).token);
	expect(host.welcome.audience).toEqual({
		viewers: 0,
		startUpMs: null,
		latencyMs: null,
		stalledShare: 0,
		rungs: [],
		latencyFloorMs: 0,
	});
	expect(attendee.welcome).not.toHaveProperty("audience");

	const [ada, bea, cleo] = viewers;
	const answer = await send(id, reportOf(ada, { startUpMs: 600, latencyMs: 900, heightPixels: 720 }));
	expect([answer.status, answer.body]).toEqual([200, { nextInMs: 10_000, latencyFloorMs: 0 }]);
	await send(id, reportOf(ada, { latencyMs: 1000, heightPixels: 720 }));
	await send(id, reportOf(bea, { startUpMs: 900, latencyMs: 1400, stalls: 2, stalledMs: 800, heightPixels: 360 }));
	await send(id, reportOf(cleo, { state: "loading" }));
	const expected: Audience = {
		viewers: 3,
		startUpMs: { p50: 600, p95: 900 },
		latencyMs: { p50: 1000, p95: 1400 },
		stalledShare: 0.333,
		rungs: [
			{ heightPixels: 720, viewers: 1 },
			{ heightPixels: 360, viewers: 1 },
		],
		latencyFloorMs: 0,
	};
	const { audience } = await host.next("audience", (event) => event.audience.viewers === 3);
	expect(audience).toEqual(expected);
	const second = await bench.connect(id, (await bench.invite(id, "host")).token);
	expect(second.welcome.audience).toEqual(expected);

	await send(id, reportOf(bea, { state: "left" }));
	await send(id, reportOf(cleo, { state: "left" }));
	const untilThereAre = (count: number) => host.next("audience", (event) => event.audience.viewers === count);
	expect((await untilThereAre(1)).audience).toMatchObject({ stalledShare: 0 });
	bench.clock.advance(31_000);
	expect((await untilThereAre(0)).audience).toMatchObject({ latencyMs: null });
	expect((await attendee.rest()).map(({ type }) => type)).not.toContain("audience");

	expect(await metric("rostrum_playback_reports_total")).toBe(6);
	expect(await metric("rostrum_playback_stalls_total")).toBe(2);
	expect(await metric("rostrum_playback_stalled_seconds_total")).toBe(0.8);
	expect(await metric("rostrum_playback_start_up_seconds_count")).toBe(2);
	expect(await metric("rostrum_playback_latency_seconds_count")).toBe(3);
	for (const client of [host, second, attendee]) client.close();
});

test("while many run dry, everybody is asked to keep more latency", async () => {
	const { id } = await bench.liveWebinar();
	const host = await bench.connect(id, (await bench.invite(id, "host")).token);
	for (let i = 0; i < 20; i++) {
		const viewer = String(i).padStart(12, "0");
		await send(
			id,
			reportOf(viewer, { latencyMs: 1000, heightPixels: 240, ...(i < 8 ? { stalls: 1, stalledMs: 500 } : {}) }),
		);
	}
	const { audience } = await host.next("audience", (event) => event.audience.viewers === 20);
	expect(audience).toMatchObject({ viewers: 20, stalledShare: 0.4, latencyFloorMs: 1500 });
	expect((await send(id, reportOf(viewers[0]))).body).toMatchObject({ latencyFloorMs: 1500 });
	expect(await metric("rostrum_playback_latency_floor_seconds")).toBe(1.5);
	expect(await metric('rostrum_playback_viewers{height="240"}')).toBe(20);
	host.close();
});

test("players of a webinar that is not live, or is none, are told so", async () => {
	const { id } = await bench.createWebinar();
	const report = reportOf(viewers[0]);
	expect(await send(id, report)).toMatchObject({ status: 409, body: { code: "webinar-not-live" } });
	await bench.request("POST", `/api/webinars/${id}/start`, { token: ADMIN_TOKEN });
	expect(await send(id, report)).toMatchObject({ status: 200 });
	await bench.request("POST", `/api/webinars/${id}/end`, { token: ADMIN_TOKEN });
	expect(await send(id, report)).toMatchObject({ status: 409, body: { code: "webinar-ended" } });
	expect(await send("nosuchwebina", report)).toMatchObject({ status: 404, body: { code: "webinar-unknown" } });
});

describe("a report", () => {
	test.each([
		["of nobody", { viewer: "" }],
		["of a viewer with a name", { viewer: "Ada Lovelace" }],
		["of a viewer with a long id", { viewer: "a".repeat(13) }],
		["without a state", { state: undefined }],
		["of an unknown state", { state: "asleep" }],
		["with a latency before now", { latencyMs: -1 }],
		["with a latency of days", { latencyMs: 1e9 }],
		["with no number for a latency", { latencyMs: "1000" }],
		["with half a millisecond", { startUpMs: 0.5 }],
		["with an endless start-up", { startUpMs: 1e300 }],
		["with stalls taken back", { stalls: -1 }],
		["with more stalls than there can be", { stalls: 1e6 }],
		["with a picture as high as a house", { heightPixels: 1e6 }],
		["with more than is asked for", { name: "Ada" }],
	])("%s is refused", async (_what, wrong) => {
		const { id } = await bench.liveWebinar();
		const answer = await send(id, { ...reportOf(viewers[0]), ...wrong });
		expect(answer).toMatchObject({ status: 400, body: { code: "invalid-body" } });
	});

	test("above 1 KiB is refused", async () => {
		const { id } = await bench.liveWebinar();
		const answer = await send(id, { ...reportOf(viewers[0]), name: "x".repeat(1024) });
		expect(answer).toMatchObject({ status: 413, body: { code: "body-too-large" } });
	});
});

test("an address that floods is told to wait, and how long", async () => {
	const own = await ControlBench.start();
	try {
		const { id } = await own.liveWebinar();
		const body = JSON.stringify(reportOf(viewers[0]));
		const headers = { "content-type": "application/json" };
		// In batches, for a slow machine earns requests again while it sends.
		let refused: Response | undefined;
		for (let sent = 0; sent < 10_000 && !refused; sent += 200) {
			const batch = Array.from({ length: 200 }, () =>
				fetch(`${own.url}/api/webinars/${id}/playback`, { method: "POST", headers, body }),
			);
			const answers = await Promise.all(batch);
			await Promise.all(answers.map((answer) => answer.text()));
			refused = answers.find(({ status }) => status === 429);
		}
		expect(refused?.headers.get("retry-after")).toBe("1");
	} finally {
		await own.close();
	}
});

test("switched off, there is nothing to report to and nothing to read", async () => {
	const off = await ControlBench.start({ playbackFigures: false });
	try {
		const { id } = await off.liveWebinar();
		const path = `/api/webinars/${id}/playback`;
		const answer = await off.request("POST", path, { body: reportOf(viewers[0]) });
		expect(answer.status).toBe(404);
		const host = await off.connect(id, (await off.invite(id, "host")).token);
		expect(host.welcome).not.toHaveProperty("audience");
		expect(await off.metrics.metrics()).not.toContain("rostrum_playback");
		host.close();
	} finally {
		await off.close();
	}
});
