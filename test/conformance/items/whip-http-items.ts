import assert from "node:assert/strict";
import { assertProblem, SDP, shown } from "../conformance-context.ts";
import { type ConformanceItem, Inapplicable, whip } from "../conformance-item.ts";
import { rawOffer, writeOffer } from "../raw-offer.ts";

const preflight = { origin: "https://elsewhere.example", "access-control-request-method": "POST" };

/** Names in a header that lists them, lower case. */
function listed(headers: Headers, name: string): string[] {
	return (headers.get(name) ?? "").split(",").map((value) => value.trim().toLowerCase());
}

function assertLists(headers: Headers, name: string, wanted: string[]): void {
	const found = listed(headers, name);
	for (const value of wanted) {
		assert.ok(
			found.includes("*") || found.includes(value.toLowerCase()),
			`${name} lacks ${value}: ${found.join(", ")}`,
		);
	}
}

/** Endpoint and session as HTTP resources. */
export const whipHttpItems: ConformanceItem[] = [
	{
		id: "W1",
		title: "OPTIONS is answered with 200 and Accept-Post: application/sdp, for CORS too",
		section: whip("4.2"),
		async run(context) {
			const answer = await context.request(context.target.whip, { method: "OPTIONS", token: null, headers: preflight });
			assert.equal(answer.status, 200);
			assertLists(answer.headers, "accept-post", [SDP]);
			assert.ok(answer.headers.get("access-control-allow-origin"), "there is no Access-Control-Allow-Origin");
			assertLists(answer.headers, "access-control-allow-methods", ["POST"]);
		},
	},
	{
		id: "W2",
		title: "GET and HEAD of endpoint and session give 2xx without a body",
		section: whip("4.1"),
		async run(context) {
			const session = await context.open("whip");
			for (const url of [context.target.whip, session.url]) {
				for (const method of ["GET", "HEAD"]) {
					const answer = await context.request(url, { method });
					assert.ok(answer.status >= 200 && answer.status < 300, `${method} was answered with ${shown(answer)}`);
					assert.equal(answer.body, "");
				}
			}
		},
	},
	{
		id: "W3",
		title: "An offer gets 201 with an absolute Location and an SDP answer",
		section: whip("4.2"),
		async run(context) {
			for (const type of [SDP, `${SDP};charset=utf-8`, `${SDP}; charset=UTF-8`]) {
				const answer = await context.post("whip", writeOffer(rawOffer()), { headers: { "content-type": type } });
				assert.equal(answer.status, 201, `${type}: ${shown(answer)}`);
				assert.match(answer.headers.get("location") ?? "", /^https?:\/\/[^/]+\//, "Location is not absolute");
				assert.match(answer.headers.get("content-type") ?? "", /^application\/sdp(;|$)/);
				assert.match(answer.body, /^v=0\r\n/);
				const session = answer.headers.get("location") ?? "";
				const deleted = await context.request(session, { method: "DELETE" });
				assert.equal(deleted.status, 200, `DELETE: ${shown(deleted)}`);
			}
		},
	},
	{
		id: "W4",
		title: "Another content type gets 415, malformed SDP 400, as problem details",
		section: whip("4.2"),
		async run(context) {
			for (const type of ["application/json", "text/plain", "application/trickle-ice-sdpfrag"]) {
				const offer = writeOffer(rawOffer());
				assertProblem(await context.post("whip", offer, { headers: { "content-type": type } }), 415);
			}
			for (const malformed of ["", "hello", "v=0\r\nm=video\r\n", "{}", "v=0\r\n".repeat(1000)]) {
				assertProblem(await context.post("whip", malformed), 400);
			}
		},
	},
	{
		id: "W19",
		title: "Methods that a resource does not take get 405 with Allow",
		section: whip("4.1"),
		async run(context) {
			const session = await context.open("whip");
			for (const [url, methods, allowed] of [
				[context.target.whip, ["PUT", "PATCH", "DELETE"], "POST"],
				[session.url, ["PUT", "POST"], "DELETE"],
			] as const) {
				for (const method of methods) {
					const answer = await context.request(url, { method });
					assert.equal(answer.status, 405, `${method}: ${shown(answer)}`);
					assertLists(answer.headers, "allow", [allowed]);
				}
			}
		},
	},
	{
		id: "W22",
		title: "Without a valid Bearer token POST gets 401, with one that may not publish 403; a preflight needs none",
		section: whip("4.7.1"),
		async run(context) {
			if (context.target.whipToken === undefined) throw new Inapplicable("no token is given: name one by --token");
			const offer = writeOffer(rawOffer());
			const absent = await context.post("whip", offer, { token: null });
			assertProblem(absent, 401);
			assert.match(absent.headers.get("www-authenticate") ?? "", /^Bearer/i, "the 401 has no WWW-Authenticate: Bearer");
			for (const token of ["not-a-token", `${context.target.whipToken}x`, "a b"]) {
				assertProblem(await context.post("whip", offer, { token }), 401);
			}
			if (context.target.forbiddenToken !== undefined) {
				assertProblem(await context.post("whip", offer, { token: context.target.forbiddenToken }), 403);
			}
			const options = await context.request(context.target.whip, {
				method: "OPTIONS",
				token: null,
				headers: preflight,
			});
			assert.equal(options.status, 200, "the preflight was refused");
		},
	},
	{
		id: "W26",
		title: "CORS exposes Location, ETag, Link and Accept-Post, and allows Authorization, Content-Type and If-Match",
		section: whip("4.1"),
		async run(context) {
			const origin = { origin: "https://elsewhere.example" };
			const created = await context.post("whip", writeOffer(rawOffer()), { headers: origin });
			assert.equal(created.status, 201, shown(created));
			const session = new URL(created.headers.get("location") ?? "", context.target.whip).href;
			const refused = await context.post("whip", "no SDP", { headers: origin });
			for (const answer of [created, refused]) {
				assert.ok(
					answer.headers.get("access-control-allow-origin"),
					`${answer.status} lacks Access-Control-Allow-Origin`,
				);
			}
			assertLists(created.headers, "access-control-expose-headers", ["Location", "ETag", "Link", "Accept-Post"]);
			for (const [url, method] of [
				[context.target.whip, "POST"],
				[session, "PATCH"],
				[session, "DELETE"],
			] as const) {
				const answer = await context.request(url, {
					method: "OPTIONS",
					token: null,
					headers: { ...origin, "access-control-request-method": method },
				});
				assert.equal(answer.status, 200);
				assertLists(answer.headers, "access-control-allow-methods", [method]);
				assertLists(answer.headers, "access-control-allow-headers", ["Authorization", "Content-Type", "If-Match"]);
			}
		},
	},
];
