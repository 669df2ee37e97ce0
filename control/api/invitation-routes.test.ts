import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invitationSchema, type Role } from "../../core/protocol/webinar.ts";
import { ADMIN_TOKEN, ControlBench } from "../control.test-support.ts";

const DAY_MS = 86_400_000;

let bench: ControlBench;
beforeAll(async () => {
	bench = await ControlBench.start();
});
afterAll(() => bench.close());

test.each<[Role, string]>([
	["host", "host"],
	["presenter", "stage"],
	["attendee", "watch"],
])("an invitation as %s is a token for this webinar, in a link to the %s page", async (role, page) => {
	const { id } = await bench.createWebinar();
	const answer = await bench.request("POST", `/api/webinars/${id}/invitations`, {
		token: ADMIN_TOKEN,
		body: { role, name: " Zoë " },
	});
	expect(answer.status).toBe(201);
	const { token, url, expiresAt, person } = invitationSchema.parse(answer.body);
	expect(url).toBe(`${bench.url}/${page}/${id}#token=${token}`);
	expect(person).toMatchObject({ name: "Zoë", role });
	expect(await bench.tokens.verify(token)).toMatchObject({ ...person, webinarId: id });
	expect(Math.abs(Date.parse(expiresAt) - bench.clock.now() - 30 * DAY_MS)).toBeLessThan(60_000);
});

test("hosts invite, others do not", async () => {
	const { id } = await bench.createWebinar();
	const body = { role: "presenter", name: "Pia" };
	const host = await bench.invite(id, "host");
	const presenter = await bench.invite(id, "presenter");
	const invite = (token: string) => bench.request("POST", `/api/webinars/${id}/invitations`, { token, body });
	expect((await invite(host.token)).status).toBe(201);
	expect(await invite(presenter.token)).toMatchObject({ status: 403, body: { code: "forbidden" } });
});

describe("a seat in the audience", () => {
	test("is for anyone, until the webinar has ended", async () => {
		const { id } = await bench.createWebinar();
		const take = () => bench.request("POST", `/api/webinars/${id}/audience`, { body: { name: "Ann" } });
		const seat = await take();
		expect(seat.status).toBe(201);
		const { token, expiresAt, person } = invitationSchema.parse(seat.body);
		expect(person).toMatchObject({ name: "Ann", role: "attendee" });
		expect(await bench.tokens.verify(token)).toMatchObject({ webinarId: id, role: "attendee" });
		expect(Math.abs(Date.parse(expiresAt) - bench.clock.now() - DAY_MS)).toBeLessThan(60_000);

		await bench.request("POST", `/api/webinars/${id}/start`, { token: ADMIN_TOKEN });
		expect((await take()).status).toBe(201);
		await bench.request("POST", `/api/webinars/${id}/end`, { token: ADMIN_TOKEN });
		expect(await take()).toMatchObject({ status: 409, body: { code: "webinar-ended" } });
	});

	test("is no way to a role", async () => {
		const { id } = await bench.createWebinar();
		const body = { name: "Ann", role: "host" };
		const answer = await bench.request("POST", `/api/webinars/${id}/audience`, { body });
		expect(answer).toMatchObject({ status: 400, body: { code: "invalid-body" } });
	});
});
