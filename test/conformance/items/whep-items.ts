import assert from "node:assert/strict";
import { assertProblem, type ConformanceContext, shown } from "../conformance-context.ts";
import { type ConformanceItem, whep } from "../conformance-item.ts";
import {
	drawPassword,
	drawUfrag,
	rawAudio,
	rawPlayOffer,
	rawVideo,
	unusedCandidate,
	writeFragment,
	writeOffer,
} from "../raw-offer.ts";
import { directionOf, has, kindOf, SessionText, values } from "../session-text.ts";
import { icePath } from "../stun-probe.ts";

function directed(direction: "sendonly" | "recvonly" | "sendrecv" | "inactive"): string {
	const changes = { direction, msid: direction.startsWith("send") ? "stream track" : undefined };
	return writeOffer(rawPlayOffer({ media: [rawAudio(changes), rawVideo(changes)] }));
}

async function openRaw(context: ConformanceContext) {
	const offer = rawPlayOffer();
	return { ...(await context.open("whep", writeOffer(offer))), offer };
}

/** Where playing differs from publishing, and what is the same in both. */
export const whepItems: ConformanceItem[] = [
	{
		id: "E1",
		title: "recvonly and sendrecv are answered with sendonly, others refused; all m= lines have one MediaStream",
		section: `${whep("4.2")}, ${whep("4.5.2")}`,
		async run(context) {
			await context.source();
			for (const direction of ["recvonly", "sendrecv"] as const) {
				const session = await context.open("whep", directed(direction));
				assert.deepEqual(session.answer.media.map(kindOf), ["audio", "video"]);
				assert.deepEqual(session.answer.media.map(directionOf), ["sendonly", "sendonly"]);
				const streams = session.answer.media.map((section) => values(section, "msid").map((id) => id.split(" ")[0]));
				assert.ok(
					streams.every((ids) => ids.length === 1),
					"an m= line has no a=msid",
				);
				assert.equal(new Set(streams.flat()).size, 1, `the m= lines have several streams: ${streams.join(" ")}`);
				for (const section of session.answer.media) assert.ok(has(section, "rtcp-mux"));
				await context.delete(session);
			}
			for (const direction of ["sendonly", "inactive"] as const) {
				assertProblem(await context.post("whep", directed(direction)), [400, 422]);
			}
		},
	},
	{
		id: "E2",
		title:
			"The life of a session is WHIP's: 201 with Location and ETag, trickle 204, restart 200, DELETE 200, then 404",
		section: `${whep("4.2")}, ${whep("4.4")}`,
		async run(context) {
			await context.source();
			const session = await openRaw(context);
			assert.match(session.created.headers.get("location") ?? "", /^https?:\/\//, "Location is not absolute");
			assert.match(session.created.headers.get("content-type") ?? "", /^application\/sdp/);
			assert.match(session.etag, /^"[^"]+"$/);
			assert.ok(session.answer.all("candidate").length > 0, "the answer has no candidate");
			const { ufrag, password } = session.offer;
			const own = writeFragment({ ufrag, password, candidates: [unusedCandidate] });
			const trickled = await context.patch(session, own, { "if-match": session.etag });
			assert.equal(trickled.status, 204, shown(trickled));
			assert.equal(trickled.headers.get("etag"), null);
			assertProblem(await context.patch(session, own, { "if-match": '"stale"' }), 412);
			if (context.target.strict) assertProblem(await context.patch(session, own, {}), 428);
			const wanted = { ufrag: drawUfrag(), password: drawPassword(), candidates: [unusedCandidate] };
			const restarted = await context.patch(session, writeFragment(wanted), { "if-match": "*" });
			assert.equal(restarted.status, 200, shown(restarted));
			assert.notEqual(restarted.headers.get("etag"), session.etag);
			const fragment = new SessionText(restarted.body);
			assert.notEqual(fragment.first("ice-ufrag"), session.answer.first("ice-ufrag"));
			const path = icePath(wanted.ufrag, fragment, fragment.all("candidate").length > 0 ? fragment : session.answer);
			const probe = await context.probe(path);
			await probe.mustAnswer(path);
			assert.equal((await context.delete(session)).status, 200);
			assertProblem(await context.delete(session), 404);
		},
	},
	{
		id: "E3",
		title: "POST needs a Bearer token where the server does, a preflight never",
		section: whep("4.8.1"),
		async run(context) {
			const offer = writeOffer(rawPlayOffer());
			if (context.target.whepToken !== undefined) {
				assertProblem(await context.post("whep", offer, { token: null }), 401);
				assertProblem(await context.post("whep", offer, { token: "not-a-token" }), 401);
			}
			assertProblem(await context.post("whep", offer, { headers: { "content-type": "text/plain" } }), 415);
			const malformed = await context.post("whep", "no SDP");
			assertProblem(malformed, 400);
			const options = await context.request(context.target.whep, {
				method: "OPTIONS",
				token: null,
				headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
			});
			assert.equal(options.status, 200, shown(options));
			assert.match(options.headers.get("accept-post") ?? "", /application\/sdp/);
			assert.ok(options.headers.get("access-control-allow-origin"));
		},
	},
	{
		id: "E4",
		title: "Without a live source the player gets 409 with Retry-After, or a session that plays once there is one",
		section: whep("4.2"),
		async run(context) {
			const decoder = context.decoder("VP8");
			const peer = await decoder.createPeer();
			try {
				const answer = await context.post("whep", await peer.offerToPlay({}));
				if (answer.status !== 201) {
					assertProblem(answer, 409);
					assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/, "there is no Retry-After in seconds");
					return;
				}
				await peer.applyAnswer(answer.body);
				await context.source();
				await context.untilReceived(peer, "media of the later source", ({ framesDecoded }) => framesDecoded > 5);
			} finally {
				await peer.close();
			}
		},
	},
	{
		id: "E5",
		title: "GET and HEAD of endpoint and session give 2xx without a body",
		section: whep("4.1"),
		async run(context) {
			await context.source();
			const session = await context.open("whep");
			for (const url of [context.target.whep, session.url]) {
				for (const method of ["HEAD", "GET"]) {
					const answer = await context.request(url, { method });
					assert.equal(answer.status, 200, `${method}: ${shown(answer)}`);
					assert.equal(answer.body, "");
				}
			}
		},
	},
];
