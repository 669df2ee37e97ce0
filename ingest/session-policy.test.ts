import type { LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serveFakeSessions } from "./test-support/fake-sessions.ts";
import { publishOffer } from "./test-support/offers.ts";
import {
	bearer,
	createRequests,
	expectProblem,
	fragmentType,
	pathOf,
	sameIce,
	trickle,
	whip,
} from "./test-support/session-requests.ts";

let server: ReturnType<typeof serveFakeSessions>;
beforeEach(() => {
	server = serveFakeSessions();
});
afterEach(() => server.close());

const { send, post } = createRequests(() => server.app);

describe("TURN servers", () => {
	const turn = { urls: ["turn:turn.example:3478?transport=udp", "turns:turn.example"], secret: "north" };
	// printf %s 1800043200:p-presenter | openssl dgst -sha1 -hmac north -binary | base64
	const rest = `rel="ice-server"; username="1800043200:p-presenter"; credential="xVksu8JK7yPsxnJyndFeKiZ6NsQ="; credential-type="password"`;

	test("each in a Link of its own, for a time, on the 201 and to those who may on OPTIONS", async () => {
		const withTurn = serveFakeSessions({ turn });
		const origin = await withTurn.app.listen({ port: 0, host: "127.0.0.1" });
		try {
			const expected = turn.urls.map((url) => `<${url}>; ${rest}`).join(", ");
			const headers = { ...bearer, "content-type": "application/sdp" };
			const made = await fetch(`${origin}${whip}`, { method: "POST", headers, body: publishOffer });
			expect(made.headers.get("link")).toBe(expected);
			const options = await fetch(`${origin}${whip}`, { method: "OPTIONS", headers: bearer });
			expect(options.headers.get("link")).toBe(expected);
			for (const headers of [undefined, { authorization: "Bearer attendee" }, { authorization: "Bearer x" }]) {
				const response = await fetch(`${origin}${whip}`, { method: "OPTIONS", ...(headers ? { headers } : {}) });
				expect([response.status, response.headers.get("link")]).toEqual([200, null]);
			}
		} finally {
			await withTurn.close();
		}
		const injected = serveFakeSessions({ turn });
		const made = await injected.app.inject({
			method: "POST",
			url: whip,
			headers: { ...bearer, "content-type": "application/sdp" },
			payload: publishOffer,
		});
		expect(made.headers.link).toHaveLength(2);
		await injected.close();
	});
});

describe("strict", () => {
	beforeEach(() => {
		server = serveFakeSessions({ strict: true });
	});

	test("PATCH needs If-Match and the token of whose session it is", async () => {
		const made = await post(whip);
		const patch = (headers: Record<string, string>) =>
			send("PATCH", pathOf(made), { ...fragmentType, ...headers }, trickle(...sameIce));
		const etag = { "if-match": String(made.headers.etag) };
		expectProblem(await patch(bearer), 428, "precondition-required");
		expectProblem(await patch({ ...bearer, "if-match": '"stale"' }), 412, "precondition-failed");
		expectProblem(await patch(etag), 401, "token-missing");
		expectProblem(await patch({ ...etag, authorization: "Bearer other" }), 403, "forbidden");
		expect((await patch({ ...etag, ...bearer })).statusCode).toBe(204);
		expect((await patch({ "if-match": "*", ...bearer })).statusCode).toBe(204);
	});

	test("DELETE needs that token, and no If-Match", async () => {
		const session = pathOf(await post(whip));
		expectProblem(await send("DELETE", session), 401, "token-missing");
		expectProblem(await send("DELETE", session, { authorization: "Bearer other" }), 403, "forbidden");
		expect((await send("DELETE", session, { ...bearer, "if-match": '"stale"' })).statusCode).toBe(200);
	});
});

describe("too many requests", () => {
	test("of a session, but not of others", async () => {
		const [one, two] = [pathOf(await post(whip)), pathOf(await post(whip))];
		const patch = (session: string) => send("PATCH", session, fragmentType, trickle(...sameIce));
		let refused: LightMyRequestResponse | undefined;
		for (let count = 0; count < 100 && !refused; count++) {
			const response = await patch(one);
			if (response.statusCode !== 204) refused = response;
		}
		if (!refused) throw new Error("nothing was refused");
		expectProblem(refused, 429, "too-many-requests");
		expect(refused.headers["retry-after"]).toBe("1");
		expect((await patch(two)).statusCode).toBe(204);
		server.clock.nowMs += 1_000;
		expect((await patch(one)).statusCode).toBe(204);
	});

	test("of an address, whose neighbour is heard", async () => {
		const knock = (remoteAddress: string) =>
			server.app.inject({ method: "POST", url: whip, remoteAddress, headers: { "content-type": "application/sdp" } });
		const statuses = new Set<number>();
		for (let count = 0; count < 600; count++) statuses.add((await knock("192.0.2.10")).statusCode);
		expect([...statuses]).toEqual([401, 429]);
		expect((await knock("192.0.2.11")).statusCode).toBe(401);
		const preflight = await server.app.inject({ method: "OPTIONS", url: whip, remoteAddress: "192.0.2.10" });
		expect(preflight.statusCode).toBe(200);
	});
});
