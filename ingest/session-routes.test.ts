import { afterAll, beforeAll, expect, test } from "vitest";
import { startIngest, WEBINAR } from "./test-support/ingest-server.ts";
import { publishOffer, subscribeOffer } from "./test-support/offers.ts";

let ingest: Awaited<ReturnType<typeof startIngest>>;
let token: string;
beforeAll(async () => {
	ingest = await startIngest();
	token = await ingest.token("a");
});
afterAll(() => ingest.close());

const sdpType = { "content-type": "application/sdp" };

function post(url: string, body: string, headers: Record<string, string> = sdpType, bearer = token) {
	return fetch(url, { method: "POST", body, headers: { authorization: `Bearer ${bearer}`, ...headers } });
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
	expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
	expect(response.headers.get("access-control-allow-origin")).toBe("*");
	expect(await response.json()).toMatchObject({ status, code });
	expect(response.status).toBe(status);
}

test("preflight and discovery", async () => {
	for (const url of [ingest.whip, ingest.whep]) {
		const preflight = await fetch(url, { method: "OPTIONS" });
		expect(preflight.status).toBe(200);
		expect(preflight.headers.get("accept-post")).toBe("application/sdp");
		expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
		expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
		expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization, Content-Type, If-Match");
		expect(preflight.headers.get("access-control-expose-headers")).toBe("Location, ETag, Link, Accept-Post");
		for (const method of ["GET", "HEAD"]) {
			const response = await fetch(url, { method });
			expect([response.status, await response.text()]).toEqual([200, ""]);
		}
	}
});

test("a session is made, patched, replaced and deleted", async () => {
	const made = await post(ingest.whip, publishOffer, { "content-type": "application/sdp; charset=utf-8" });
	expect(made.status).toBe(201);
	expect(made.headers.get("content-type")).toBe("application/sdp");
	const location = made.headers.get("location") ?? "";
	expect(location).toMatch(new RegExp(`^${ingest.origin}/whip/${WEBINAR}/[\\w-]{32}$`));
	const etag = made.headers.get("etag") ?? "";
	expect(etag).toMatch(/^"[\w-]+"$/);
	expect(await made.text()).toMatch(/^v=0\r\n.*a=ice-lite\r\n.*a=setup:passive\r\n.*a=candidate:1 1 udp \d+ /s);

	const fragment =
		"a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\n";
	const patch = (headers: Record<string, string>) => fetch(location, { method: "PATCH", headers, body: fragment });
	const fragmentType = { "content-type": "application/trickle-ice-sdpfrag" };
	for (const headers of [fragmentType, { ...fragmentType, "if-match": etag }, { ...fragmentType, "if-match": "*" }]) {
		const patched = await patch(headers);
		expect([patched.status, await patched.text(), patched.headers.get("etag")]).toEqual([204, "", null]);
	}
	await expectProblem(await patch({ ...fragmentType, "if-match": '"stale"' }), 412, "precondition-failed");
	await expectProblem(await patch(sdpType), 415, "unsupported-media-type");
	expect((await fetch(location, { method: "OPTIONS" })).headers.get("access-control-allow-methods")).toContain("PATCH");
	expect((await fetch(location)).headers.get("etag")).toBe(etag);

	const again = (await post(ingest.whip, publishOffer)).headers.get("location") ?? "";
	await expectProblem(await fetch(location), 404, "session-unknown");
	const deleted = await fetch(again, { method: "DELETE", headers: { "if-match": '"stale"' } });
	expect([deleted.status, await deleted.text()]).toEqual([200, ""]);
	await expectProblem(await fetch(again, { method: "DELETE" }), 404, "session-unknown");
	await expectProblem(
		await fetch(again, { method: "PATCH", headers: fragmentType, body: fragment }),
		404,
		"session-unknown",
	);
});

test("setup is answered as RFC 8842 has it", async () => {
	for (const [offered, answered] of [
		["active", "passive"],
		["passive", "active"],
	] as const) {
		const made = await post(ingest.whip, publishOffer.replaceAll("actpass", offered));
		expect(await made.text()).toContain(`a=setup:${answered}\r\n`);
		await fetch(made.headers.get("location") ?? "", { method: "DELETE" });
	}
});

test("an ordinary player is told to come back when nobody publishes; a stage waits in its slots", async () => {
	const ordinary = await post(ingest.whep, subscribeOffer(1));
	expect(ordinary.headers.get("retry-after")).toBe("2");
	await expectProblem(ordinary, 409, "no-source");
	const stage = await post(ingest.whep, subscribeOffer(9));
	expect(stage.status).toBe(201);
	const location = stage.headers.get("location") ?? "";
	expect(ingest.events.at(-1)).toMatchObject({
		topic: "slots",
		event: { session: location.split("/").at(-1), people: Array(9).fill(null) },
	});
	expect((await fetch(location, { method: "DELETE" })).status).toBe(200);
	await expectProblem(await fetch(location), 404, "session-unknown");
});

test("who may not is refused before their body is looked at", async () => {
	for (const url of [ingest.whip, ingest.whep]) {
		const noToken = await fetch(url, { method: "POST", body: "x", headers: { "content-type": "text/plain" } });
		expect(noToken.headers.get("www-authenticate")).toBe("Bearer");
		await expectProblem(noToken, 401, "token-missing");
		await expectProblem(await post(url, publishOffer, sdpType, "nonsense"), 401, "token-invalid");
		const expired = await ingest.token("a", { expiresAt: Date.now() - 5000 });
		await expectProblem(await post(url, publishOffer, sdpType, expired), 401, "token-expired");
		const attendee = await ingest.token("a", { role: "attendee" });
		await expectProblem(await post(url, publishOffer, sdpType, attendee), 403, "forbidden");
		await expectProblem(await post(url.replace(WEBINAR, "unknownabcde"), publishOffer), 404, "webinar-unknown");
		await expectProblem(await post(url.replace(WEBINAR, "Not-An-Id"), publishOffer), 404, "webinar-unknown");
	}
});

test("what is no usable offer is refused", async () => {
	await expectProblem(
		await post(ingest.whip, publishOffer, { "content-type": "application/json" }),
		415,
		"unsupported-media-type",
	);
	await expectProblem(
		await post(ingest.whip, publishOffer, { "content-type": "text/plain" }),
		415,
		"unsupported-media-type",
	);
	await expectProblem(
		await post(ingest.whip, publishOffer, { "content-type": "application/trickle-ice-sdpfrag" }),
		415,
		"unsupported-media-type",
	);
	const bare = await fetch(ingest.whip, { method: "POST", headers: { authorization: `Bearer ${token}` } });
	await expectProblem(bare, 415, "unsupported-media-type");
	await expectProblem(await post(ingest.whip, "v=0\r\nnonsense"), 400, "invalid-sdp");
	await expectProblem(await post(ingest.whip, ""), 400, "invalid-sdp");
	await expectProblem(await post(ingest.whip, subscribeOffer(1)), 422, "unusable-media");
	await expectProblem(await post(ingest.whep, publishOffer), 422, "unusable-media");
	await expectProblem(await post(ingest.whip, publishOffer + "a=x:y\r\n".repeat(20_000)), 413, "body-too-large");
	await expectProblem(await fetch(`${ingest.whip}/${"x".repeat(32)}`, { method: "DELETE" }), 404, "session-unknown");
});

test("methods an address does not take are named as such", async () => {
	const put = await fetch(ingest.whip, { method: "PUT", body: "x" });
	expect(put.headers.get("allow")).toBe("OPTIONS, GET, HEAD, POST");
	await expectProblem(put, 405, "method-not-allowed");
	await expectProblem(await fetch(ingest.whip, { method: "DELETE" }), 405, "method-not-allowed");
	await expectProblem(await fetch(`${ingest.whip}/x`, { method: "POST", body: "x" }), 405, "method-not-allowed");
});
