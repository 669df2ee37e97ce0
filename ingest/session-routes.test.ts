import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../core/runtime/errors.ts";
import { ORIGIN, serveFakeSessions, WEBINAR } from "./test-support/fake-sessions.ts";
import { publishOffer, subscribeOffer } from "./test-support/offers.ts";
import {
	bearer,
	createRequests,
	expectProblem,
	fragmentType,
	pathOf,
	sameIce,
	trickle,
	whep,
	whip,
} from "./test-support/session-requests.ts";

let server: ReturnType<typeof serveFakeSessions>;
beforeEach(() => {
	server = serveFakeSessions();
});
afterEach(() => server.close());

const { send, post } = createRequests(() => server.app);

describe("discovery", () => {
	test("preflight, GET and HEAD of an endpoint, with a token or without, known or not", async () => {
		for (const url of [whip, whep, "/whip/unknown"]) {
			for (const headers of [{}, bearer, { authorization: "Bearer nonsense" }]) {
				const preflight = await send("OPTIONS", url, headers);
				expect(preflight.statusCode).toBe(200);
				expect(preflight.headers).toMatchObject({
					"accept-post": "application/sdp",
					"access-control-allow-origin": "*",
					"access-control-allow-methods": "OPTIONS, GET, HEAD, POST",
					"access-control-allow-headers": "Authorization, Content-Type, If-Match",
				});
				const exposed = String(preflight.headers["access-control-expose-headers"]).split(", ");
				expect(exposed).toEqual(expect.arrayContaining(["Location", "ETag", "Link", "Accept-Post"]));
			}
			for (const method of ["GET", "HEAD"] as const) {
				const response = await send(method, url);
				expect([response.statusCode, response.body]).toEqual([200, ""]);
			}
		}
	});

	test("a session's methods, and GET and HEAD of it", async () => {
		const made = await post(whip);
		const preflight = await send("OPTIONS", pathOf(made));
		expect([preflight.statusCode, preflight.headers["access-control-allow-methods"]]).toEqual([
			200,
			"OPTIONS, GET, HEAD, PATCH, DELETE",
		]);
		for (const method of ["GET", "HEAD"] as const) {
			const response = await send(method, pathOf(made));
			expect([response.statusCode, response.body, response.headers.etag]).toEqual([200, "", made.headers.etag]);
		}
	});

	test("405 names what is allowed", async () => {
		const made = await post(whip);
		for (const [method, url, allow] of [
			["PUT", whip, "OPTIONS, GET, HEAD, POST"],
			["PATCH", whep, "OPTIONS, GET, HEAD, POST"],
			["DELETE", whip, "OPTIONS, GET, HEAD, POST"],
			["POST", pathOf(made), "OPTIONS, GET, HEAD, PATCH, DELETE"],
			["PUT", pathOf(made), "OPTIONS, GET, HEAD, PATCH, DELETE"],
		] as const) {
			const response = await send(method, url, { "content-type": "text/plain" }, "x");
			expectProblem(response, 405, "method-not-allowed");
			expect(response.headers.allow).toBe(allow);
		}
	});
});

describe("POST", () => {
	test("makes a session, with an absolute Location, a strong ETag and the answer", async () => {
		const made = await post(whip, publishOffer, { "content-type": "application/sdp; charset=utf-8" });
		expect(made.statusCode).toBe(201);
		expect(made.headers).toMatchObject({
			location: `${ORIGIN}${whip}/whip-1`,
			etag: '"whip-1-0"',
			"content-type": "application/sdp",
		});
		expect(made.headers).not.toHaveProperty("link");
		expect(made.body).toMatch(/^v=0\r\n.*a=recvonly\r\n.*a=candidate:1 1 udp \d+ 192\.0\.2\.2 8189 typ host\r\n/s);
		expect(server.sessions.get("whip-1")?.request).toMatchObject({
			webinarId: WEBINAR,
			person: { personId: "p-presenter" },
			source: "camera",
			offer: publishOffer,
		});
		expect((await post(whep, subscribeOffer(1))).body).toContain("a=sendonly\r\n");
	});

	test("publishes a screen beside the camera", async () => {
		const made = await post(`${whip}?source=screen`);
		expect([made.statusCode, pathOf(made)]).toEqual([201, `${whip}/whip-1`]);
		expect(server.sessions.get("whip-1")?.request.source).toBe("screen");
		for (const query of ["source=desktop", "source=", "source=camera&source=screen"])
			expectProblem(await post(`${whip}?${query}`), 400, "invalid-parameter");
	});

	test("refuses who may not before it looks at the body", async () => {
		const plain = { "content-type": "text/plain" };
		for (const url of [whip, whep]) {
			const nobody = await send("POST", url, plain, "x");
			expectProblem(nobody, 401, "token-missing");
			expect(nobody.headers["www-authenticate"]).toBe("Bearer");
			expectProblem(await send("POST", url, { ...plain, authorization: "Bearer x" }, "x"), 401, "token-invalid");
			expectProblem(await send("POST", url, { ...plain, authorization: "Bearer attendee" }, "x"), 403, "forbidden");
			for (const id of ["unknownabcde", "Not-An-Id"])
				expectProblem(await post(url.replace(WEBINAR, id)), 404, "webinar-unknown");
		}
	});

	test("refuses what is no usable offer", async () => {
		for (const type of ["application/json", "application/trickle-ice-sdpfrag", "text/plain", "application/sdpx"])
			expectProblem(await post(whip, publishOffer, { "content-type": type }), 415, "unsupported-media-type");
		expectProblem(await send("POST", whip, bearer), 415, "unsupported-media-type");
		expectProblem(await post(whip, ""), 400, "invalid-sdp");
		expectProblem(await post(whip, "v=0\r\nnonsense"), 400, "invalid-sdp");
		expectProblem(await post(whip, subscribeOffer(1)), 422, "unusable-media");
		expectProblem(await post(whep, publishOffer), 422, "unusable-media");
		expectProblem(await post(whip, publishOffer + "a=x:y\r\n".repeat(20_000)), 413, "body-too-large");
		expect(server.sessions.size).toBe(0);
	});

	test.each([
		["no-source", 409, "2"],
		["server-busy", 503, "10"],
		["unavailable", 503, "2"],
	] as const)("%s says when to come back", async (code, status, seconds) => {
		server.next.openError = new AppError(code);
		const refused = await post(whep, subscribeOffer(1));
		expectProblem(refused, status, code);
		expect(refused.headers["retry-after"]).toBe(seconds);
	});
});

describe("PATCH", () => {
	let session: string;
	let etag: string;
	beforeEach(async () => {
		const made = await post(whip);
		session = pathOf(made);
		etag = String(made.headers.etag);
	});
	const patch = (body: string, headers: Record<string, string> = {}) =>
		send("PATCH", session, { ...fragmentType, ...headers }, body);

	test("takes candidates, of whatever kind, with 204 and nothing else", async () => {
		for (const candidate of [
			"1 1 udp 2122260223 192.0.2.9 61764 typ host generation 0 ufrag EsAw network-id 1",
			"2 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
			"3 1 udp 1 5a3b5e0e-1f0e-4c61-a7b7-3ba4d3ad1c3c.local 9 typ host",
			"4 1 udp 1 192.0.2.9 9 typ srflx raddr 10.0.0.1 rport 9",
			"5 1 sctp 1 192.0.2.9 9 typ future",
		]) {
			const taken = await patch(trickle(...sameIce, candidate), { "if-match": etag });
			expect([taken.statusCode, taken.body, taken.headers.etag]).toEqual([204, "", undefined]);
		}
		expect((await patch("a=end-of-candidates\r\n")).statusCode).toBe(204);
		expect((await patch("a=candidate:\r\n")).statusCode).toBe(204);
	});

	test("is lenient about If-Match, but not about another session's", async () => {
		for (const headers of [{}, { "if-match": "*" }, { "if-match": `"x", ${etag}` }, { etag }])
			expect((await patch(trickle(...sameIce), headers)).statusCode).toBe(204);
		for (const stale of ['"stale"', `W/${etag}`, etag.slice(1, -1)])
			expectProblem(await patch(trickle(...sameIce), { "if-match": stale }), 412, "precondition-failed");
	});

	test("refuses what is no fragment", async () => {
		for (const body of [
			"",
			"hello",
			"{}",
			"m=audio 9 RTP/AVP 0\r\n",
			"a=ice-ufrag:EsAw\r\n",
			trickle("", ""),
			trickle("new", "vw5LmwG4y/e6dPP/zAP9Gp5k"),
			trickle("ysXw", "twenty-one-characters"),
			trickle(...sameIce, "nonsense"),
			trickle(...sameIce, "1 1 udp high 192.0.2.9 9 typ host"),
		])
			expectProblem(await patch(body), 400, "invalid-sdp");
		expectProblem(await patch("a=x:y\r\n".repeat(4000)), 413, "body-too-large");
		for (const type of ["application/sdp", "application/json", "text/plain"])
			expectProblem(await patch(trickle(...sameIce), { "content-type": type }), 415, "unsupported-media-type");
	});

	test("restarts ICE: our new end of it, every candidate, a new ETag; the old one is stale", async () => {
		const restarted = await patch(trickle("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"), { "if-match": "*" });
		expect(restarted.statusCode).toBe(200);
		expect(restarted.headers).toMatchObject({
			etag: '"whip-1-after-ysXw"',
			"content-type": "application/trickle-ice-sdpfrag",
		});
		expect(restarted.body.split("\r\n")).toEqual([
			"a=ice-lite",
			"a=group:BUNDLE 0 1",
			"m=audio 9 UDP/TLS/RTP/SAVPF 111",
			"a=mid:0",
			"a=ice-ufrag:new-ysXw",
			"a=ice-pwd:password-of-new-ysXw",
			"a=candidate:1 1 udp 2130706431 192.0.2.2 8189 typ host",
			"a=end-of-candidates",
			"",
		]);
		expect((await send("GET", session)).headers.etag).toBe('"whip-1-after-ysXw"');
		expectProblem(await patch(trickle(...sameIce), { "if-match": etag }), 412, "precondition-failed");
		expect((await patch(trickle("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"))).statusCode).toBe(204);
		expect(server.sessions.get("whip-1")?.remoteIce).toEqual({ ufrag: "ysXw", password: "vw5LmwG4y/e6dPP/zAP9Gp5k" });
	});

	test("a restart that fails leaves the session as it was", async () => {
		server.next.restartError = new AppError("unavailable");
		expectProblem(await patch(trickle("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"), { "if-match": etag }), 503, "unavailable");
		expect((await patch(trickle(...sameIce), { "if-match": etag })).statusCode).toBe(204);
	});
});

describe("DELETE", () => {
	test("ends the session whatever If-Match says; then there is none", async () => {
		const session = pathOf(await post(whip));
		const held = server.sessions.get("whip-1");
		const deleted = await send("DELETE", session, { "if-match": '"stale"' });
		expect([deleted.statusCode, deleted.body, held?.closedFor]).toEqual([200, "", "deleted"]);
		for (const method of ["DELETE", "GET", "PATCH"] as const) {
			const response = await send(method, session, fragmentType, method === "PATCH" ? trickle(...sameIce) : undefined);
			expectProblem(response, 404, "session-unknown");
		}
	});

	test("a WHEP address does not end a WHIP session, nor another webinar's address", async () => {
		const session = pathOf(await post(whip));
		for (const url of [session.replace("/whip/", "/whep/"), session.replace(WEBINAR, "mnopqrstuvwx")])
			expectProblem(await send("DELETE", url), 404, "session-unknown");
		expect(server.sessions.size).toBe(1);
	});
});
