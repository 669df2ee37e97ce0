import assert from "node:assert/strict";
import type { MediaClient } from "../clients/media-client.ts";
import { assertProblem, type ConformanceContext, type OpenSession, shown } from "../conformance-context.ts";
import { type ConformanceItem, Inapplicable, whep } from "../conformance-item.ts";
import { EventStream } from "../event-stream.ts";
import { type Link, linksOf } from "../link-header.ts";

const EVENTS = "urn:ietf:params:whep:ext:core:server-sent-events";
const LAYER = "urn:ietf:params:whep:ext:core:layer";
const RIDS = ["l", "m", "h"];

function linkOf(session: OpenSession, rel: string): Link | undefined {
	return linksOf(session.created.headers).find((link) => link.rel.includes(rel));
}

function eventsLink(context: ConformanceContext, session: OpenSession): { url: string; events: string[] } {
	const link = linkOf(session, EVENTS);
	if (!link) context.lacks("whep-events", "the 201 has no link to server-sent events");
	const events = link.parameters
		.get("events")
		?.split(",")
		.map((name) => name.trim());
	return { url: new URL(link.uri, session.url).href, events: events ?? [] };
}

/** Makes an event stream of the given types. */
async function listen(context: ConformanceContext, session: OpenSession, events: string[]) {
	const token = context.target.whepToken;
	const created = await context.request(eventsLink(context, session).url, {
		method: "POST",
		...(token === undefined ? {} : { token }),
		headers: { "content-type": "application/json" },
		body: JSON.stringify(events),
	});
	assert.equal(created.status, 201, shown(created));
	const url = new URL(created.headers.get("location") ?? "", session.url).href;
	const stream = await EventStream.open(url, token);
	context.atEnd(async () => stream.close());
	return { url, stream };
}

function simulcastClient(context: ConformanceContext): MediaClient {
	const found = context.clients.find(({ sendsSimulcast }) => sendsSimulcast);
	if (!found) throw new Inapplicable("needs a client that sends simulcast");
	return found;
}

/** Rids that flow now, of whatever m= line. */
function activeRids(data: unknown): string[] {
	const lines = Object.values(data as Record<string, { rid?: string; bitrate?: number }[]>);
	return lines.flat().flatMap(({ rid, bitrate = 0 }) => (rid !== undefined && bitrate > 0 ? [rid] : []));
}

/** The two extensions of WHEP. */
export const whepExtensionItems: ConformanceItem[] = [
	{
		id: "E6",
		title: "Server-sent events tell active, viewercount and inactive; a deleted stream is gone",
		section: whep("4.9.1"),
		async run(context) {
			const source = await context.source();
			const session = await context.play(context.decoder("VP8"));
			const { events } = eventsLink(context, session);
			for (const name of ["active", "inactive", "viewercount"]) assert.ok(events.includes(name), `no event ${name}`);
			const { url, stream } = await listen(context, session, ["active", "inactive", "viewercount"]);
			assert.deepEqual(await stream.event("active"), {});
			await stream.event("viewercount", (data) => (data as { viewercount?: unknown }).viewercount === 1);
			await context.delete(source);
			assert.deepEqual(await stream.event("inactive"), {});
			const deleted = await context.request(url, { method: "DELETE" });
			assert.ok([200, 204].includes(deleted.status), shown(deleted));
			assert.equal((await context.request(url, { method: "GET" })).status, 404, "the deleted stream is still there");
		},
	},
	{
		id: "E6b",
		title: "A stream carries only the events that were asked for; unknown names are no error",
		section: whep("4.9.1"),
		async run(context) {
			const source = await context.source();
			const session = await context.play(context.decoder("VP8"));
			const { stream } = await listen(context, session, ["inactive", "of-the-future"]);
			await context.delete(source);
			await stream.event("inactive");
			assert.deepEqual(stream.names(), ["inactive"]);
		},
	},
	{
		id: "E6c",
		title: "Deleting the session ends its event streams",
		section: whep("4.9.1"),
		async run(context) {
			await context.source();
			const session = await context.play(context.decoder("VP8"));
			const { url, stream } = await listen(context, session, ["active"]);
			await stream.event("active");
			await context.delete(session);
			await stream.ended();
			assert.equal((await context.request(url, { method: "GET" })).status, 404);
		},
	},
	{
		id: "E7",
		title: "Layers are told, and one that is asked for is sent; none asked for gives back the choice to the server",
		section: whep("4.9.2"),
		async run(context) {
			const publisher = simulcastClient(context);
			await context.publish(publisher, { colour: [40, 160, 40], codec: "VP8", rids: RIDS });
			const session = await context.play(context.decoder("VP8"));
			const link = linkOf(session, LAYER);
			if (!link) return context.lacks("whep-layers", "the 201 has no link to the choice of layers");
			assert.ok(eventsLink(context, session).events.includes("layers"), "the event layers is not announced");
			const { stream } = await listen(context, session, ["layers"]);
			const told = await stream.event("layers", (data) => activeRids(data).length >= 2);
			const rids = RIDS.filter((rid) => activeRids(told).includes(rid));
			const url = new URL(link.uri, session.url).href;
			const choose = (body: object) =>
				context.request(url, {
					method: "POST",
					headers: { "content-type": "application/json" },
					body: JSON.stringify(body),
				});
			const widths: number[] = [];
			for (const rid of [rids[0], rids[1]]) {
				const answer = await choose({ rid });
				assert.equal(answer.status, 200, `${rid}: ${shown(answer)}`);
				const width = 1280 / 2 ** (RIDS.length - 1 - RIDS.indexOf(rid ?? ""));
				await context.untilReceived(session.peer, `frames of layer ${rid}`, ({ frameWidth }) => frameWidth === width);
				widths.push(width);
			}
			assert.ok((widths[0] ?? 0) < (widths[1] ?? 0));
			const unknown = await choose({ rid: "no-such-layer" });
			assert.ok(unknown.status >= 400 && unknown.status < 500, shown(unknown));
			assertProblem(unknown, unknown.status);
			assert.equal((await choose({})).status, 200, "the choice cannot be given back");
		},
	},
];
