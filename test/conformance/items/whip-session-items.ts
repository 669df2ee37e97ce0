import assert from "node:assert/strict";
import { assertProblem, type ConformanceContext, FRAGMENT, type OpenSession, shown } from "../conformance-context.ts";
import { type ConformanceItem, Inapplicable, whip } from "../conformance-item.ts";
import {
	drawPassword,
	drawUfrag,
	type RawFragment,
	type RawOffer,
	rawOffer,
	unusedCandidate,
	writeFragment,
	writeOffer,
} from "../raw-offer.ts";
import { SessionText } from "../session-text.ts";
import { icePath } from "../stun-probe.ts";

interface RawSession extends OpenSession {
	offer: RawOffer;
}

async function openRaw(context: ConformanceContext): Promise<RawSession> {
	const offer = rawOffer();
	return { ...(await context.open("whip", writeOffer(offer))), offer };
}

/** A fragment of the session's own ICE identity. */
function trickle({ offer }: RawSession, changes: Partial<RawFragment> = {}): string {
	const { ufrag, password } = offer;
	return writeFragment({ ufrag, password, candidates: [unusedCandidate], ...changes });
}

function restart(): RawFragment & { ufrag: string } {
	return { ufrag: drawUfrag(), password: drawPassword(), candidates: [unusedCandidate] };
}

/** RFC 9110 section 8.8.3: quoted and without W/. */
const strongEtag = /^"[\x21\x23-\x7e\x80-\xff]+"$/;

/** The life of a session: trickle, ICE restart, deletion. */
export const whipSessionItems: ConformanceItem[] = [
	{
		id: "W11",
		title: "The 201 has a strong, quoted ETag that no other session has",
		section: whip("4.3.1"),
		async run(context) {
			const etags = new Set<string>();
			for (let round = 0; round < 5; round++) {
				const session = await context.open("whip");
				assert.match(session.etag, strongEtag);
				etags.add(session.etag);
				await context.delete(session);
			}
			assert.equal(etags.size, 5, "an ETag came twice");
		},
	},
	{
		id: "W12",
		title: "PATCH with candidates and the ETag gets 204 without body and ETag",
		section: whip("4.3.2"),
		async run(context) {
			const session = await openRaw(context);
			for (const candidates of [[unusedCandidate], [], [unusedCandidate, unusedCandidate]]) {
				const answer = await context.patch(session, trickle(session, { candidates }), { "if-match": session.etag });
				assert.equal(answer.status, 204, shown(answer));
				assert.equal(answer.body, "");
				assert.equal(answer.headers.get("etag"), null, "a 204 has no ETag");
			}
		},
	},
	{
		id: "W12b",
		title: "PATCH with another content type gets 415, with a malformed fragment 400; the session stays",
		section: whip("4.3.1"),
		async run(context) {
			const session = await openRaw(context);
			const match = { "if-match": session.etag };
			const other = { ...match, "content-type": "application/sdp" };
			assertProblem(await context.patch(session, trickle(session), other), 415);
			for (const malformed of ["", "hello", "a=ice-ufrag", `${"x".repeat(2000)}\r\n`]) {
				assertProblem(await context.patch(session, malformed, match), 400);
			}
			assert.equal((await context.patch(session, trickle(session), match)).status, 204);
		},
	},
	{
		id: "W13",
		title: "Candidates that the server cannot use are dropped silently: still 204",
		section: whip("4.3.2"),
		async run(context) {
			const session = await openRaw(context);
			const candidates = [
				"1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
				"2 1 udp 2122260223 3f1f2b7c-4a27-4d0e-9d1d-0d2d6a7a2b11.local 61764 typ host",
				"3 1 udp 2122260223 no-such-host.invalid 61764 typ host",
				"4 1 sctp 2122260223 192.0.2.1 61764 typ host",
				"5 1 udp 2122260223 2001:db8::1 61764 typ host generation 0 ufrag EsAw network-id 1",
				"6 2 udp 2122260223 192.0.2.1 61765 typ host",
				"7 1 udp 1 192.0.2.1 61765 typ relay raddr 0.0.0.0 rport 0",
			];
			for (const candidate of candidates) {
				const fragment = trickle(session, { candidates: [candidate, unusedCandidate] });
				const answer = await context.patch(session, fragment, { "if-match": session.etag });
				assert.equal(answer.status, 204, `${candidate}: ${shown(answer)}`);
			}
		},
	},
	{
		id: "W14",
		title: "PATCH without If-Match gets 428, with another ETag 412",
		section: whip("4.3.1"),
		async run(context) {
			const session = await openRaw(context);
			assertProblem(await context.patch(session, trickle(session), { "if-match": '"stale"' }), 412);
			assertProblem(await context.patch(session, writeFragment(restart()), { "if-match": '"stale"' }), 412);
			if (context.target.strict) {
				assertProblem(await context.patch(session, trickle(session), {}), 428);
				assertProblem(await context.patch(session, writeFragment(restart()), {}), 428);
			}
		},
	},
	{
		id: "W14b",
		title: "A lenient server takes the PATCH of clients that leave out If-Match or the token, or send ETag instead",
		section: "real clients",
		async run(context) {
			if (context.target.strict) throw new Inapplicable("the server is strict");
			const session = await openRaw(context);
			for (const headers of [{}, { "if-match": "*" }, { etag: session.etag }]) {
				const answer = await context.patch(session, trickle(session), headers);
				assert.equal(answer.status, 204, `${JSON.stringify(headers)}: ${shown(answer)}`);
			}
			const patched = await context.request(session.url, {
				method: "PATCH",
				token: null,
				headers: { "content-type": FRAGMENT, "if-match": "*" },
				body: trickle(session),
			});
			assert.equal(patched.status, 204, `without a token: ${shown(patched)}`);
			const deleted = await context.request(session.url, { method: "DELETE", token: null });
			assert.equal(deleted.status, 200, `DELETE without a token: ${shown(deleted)}`);
		},
	},
	{
		id: "W15",
		title:
			"PATCH with new ICE credentials restarts ICE: 200, a fragment with new credentials and candidates, a new ETag",
		section: whip("4.3.3"),
		async run(context) {
			const session = await openRaw(context);
			const etags = new Set([session.etag]);
			const ufrags = new Set([session.answer.first("ice-ufrag")]);
			const passwords = new Set([session.answer.first("ice-pwd")]);
			for (let round = 1; round <= 3; round++) {
				const wanted = restart();
				const answer = await context.patch(session, writeFragment(wanted), { "if-match": "*" });
				assert.equal(answer.status, 200, shown(answer));
				assert.match(answer.headers.get("content-type") ?? "", /^application\/trickle-ice-sdpfrag(;|$)/);
				assert.match(answer.headers.get("etag") ?? "", strongEtag);
				const fragment = new SessionText(answer.body);
				etags.add(answer.headers.get("etag") ?? "");
				ufrags.add(fragment.first("ice-ufrag"));
				passwords.add(fragment.first("ice-pwd"));
				assert.equal(etags.size, round + 1, "the ETag is not new");
				assert.equal(ufrags.size, round + 1, "the ufrag is not new");
				assert.equal(passwords.size, round + 1, "the password is not new");
				assert.ok(fragment.all("candidate").length > 0, "the fragment has no candidate");
				for (const same of ["ice-lite", "ice-options"]) {
					assert.deepEqual(
						fragment.all(same).slice(0, 1),
						session.answer.all(same).slice(0, 1),
						`a=${same} has changed`,
					);
				}
				const path = icePath(wanted.ufrag, fragment);
				const probe = await context.probe(path);
				await probe.mustAnswer(path);
			}
		},
	},
	{
		id: "W15b",
		title: "After an ICE restart the new ETag matches, and the old one gets 412",
		section: whip("4.3.1"),
		async run(context) {
			const session = await openRaw(context);
			const wanted = restart();
			const restarted = await context.patch(session, writeFragment(wanted), { "if-match": "*" });
			assert.equal(restarted.status, 200, shown(restarted));
			const fragment = writeFragment({ ...wanted, candidates: [unusedCandidate] });
			assertProblem(await context.patch(session, fragment, { "if-match": session.etag }), 412);
			const now = { "if-match": restarted.headers.get("etag") ?? "" };
			const trickled = await context.patch(session, fragment, now);
			assert.equal(trickled.status, 204, shown(trickled));
		},
	},
	{
		id: "W16",
		title: "A restart that cannot be done is an error and keeps the ICE session as it was",
		section: whip("4.3.3"),
		async run(context) {
			const session = await openRaw(context);
			const path = icePath(session.offer.ufrag, session.answer);
			const probe = await context.probe(path);
			for (const impossible of [
				{ ufrag: drawUfrag(), password: undefined },
				{ ufrag: drawUfrag(), password: "short" },
				{ ufrag: "x", password: drawPassword() },
			]) {
				const fragment = writeFragment({ ...impossible, candidates: [unusedCandidate] });
				const answer = await context.patch(session, fragment, { "if-match": "*" });
				assertProblem(answer, [400, 422]);
				await probe.mustAnswer(path);
			}
			const trickled = await context.patch(session, trickle(session), { "if-match": session.etag });
			assert.equal(trickled.status, 204, `the ETag no longer matches: ${shown(trickled)}`);
		},
	},
	{
		id: "W18",
		title: "DELETE gets 200 whatever If-Match says and ends the session; then everything gets 404",
		section: whip("4.2"),
		async run(context) {
			const session = await openRaw(context);
			const path = icePath(session.offer.ufrag, session.answer);
			const deleted = await context.delete(session, { "if-match": '"stale"' });
			assert.equal(deleted.status, 200, shown(deleted));
			assertProblem(await context.delete(session), 404);
			assertProblem(await context.patch(session, trickle(session), { "if-match": session.etag }), 404);
			assertProblem(await context.request(session.url, { method: "GET" }), 404);
			const next = await openRaw(context);
			const alive = icePath(next.offer.ufrag, next.answer);
			const probe = await context.probe(alive);
			await probe.mustIgnore(path, alive);
		},
	},
	{
		id: "W18b",
		title: "A session's URL is nobody's before it is given out: PATCH and DELETE of others get 404",
		section: whip("5"),
		async run(context) {
			const session = await openRaw(context);
			const other = { ...session, url: session.url.replace(/[^/]{8}$/, "AAAAAAAA") };
			assertProblem(await context.delete(other), 404);
			assertProblem(await context.patch(other, trickle(session), { "if-match": "*" }), 404);
			assert.equal((await context.patch(session, trickle(session), { "if-match": session.etag })).status, 204);
		},
	},
];
