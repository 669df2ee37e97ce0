import assert from "node:assert/strict";
import { colourDistance, type Rgb } from "../../support/solid-picture.ts";
import type { ClientDescription, MediaClient, VideoCodec } from "../clients/media-client.ts";
import type { ConformanceContext, ConnectedSession } from "../conformance-context.ts";
import { type ConformanceItem, Inapplicable, whep, whip } from "../conformance-item.ts";
import { restartedAnswer, restartFragment } from "../ice-restart.ts";
import { SessionText } from "../session-text.ts";

const green: Rgb = [30, 170, 60];
const blue: Rgb = [40, 60, 200];
/** Coding and two colour conversions; green and blue are twice as far apart. */
const COLOUR_TOLERANCE = 60;
const RIDS = ["l", "m", "h"];
/** Enough to tell media that flows from what was on its way. */
const FRAMES = 10;
const PACKETS = 50;

async function sees(context: ConformanceContext, viewer: ConnectedSession, colour: Rgb): Promise<void> {
	await context.untilReceived(
		viewer.peer,
		`${FRAMES} frames of colour ${colour.join(",")} and sound`,
		(it) =>
			it.framesDecoded >= FRAMES &&
			it.colour !== undefined &&
			colourDistance(it.colour, colour) < COLOUR_TOLERANCE &&
			it.soundHeard,
	);
}

/** Media flows from now on. */
async function flows(context: ConformanceContext, viewer: ConnectedSession, decodes: boolean): Promise<void> {
	const before = await viewer.peer.received();
	await context.untilReceived(
		viewer.peer,
		"more media",
		(it) =>
			it.audioPackets > before.audioPackets + PACKETS &&
			(decodes ? it.framesDecoded > before.framesDecoded + FRAMES : it.videoPackets > before.videoPackets + FRAMES),
	);
}

async function restartIce(context: ConformanceContext, session: ConnectedSession): Promise<void> {
	const offer = await session.peer.offerIceRestart();
	const answer = await context.patch(session, restartFragment(offer), { "if-match": "*" });
	assert.equal(answer.status, 200, `the restart was answered with ${answer.status} ${answer.body.slice(0, 200)}`);
	await session.peer.applyAnswer(restartedAnswer(session.answer, new SessionText(answer.body)));
	await context.untilNewPath(session.peer);
}

/** Somebody whose frames tell that they are the right ones. */
function publisherOf(context: ConformanceContext, codec: VideoCodec, not: string): MediaClient {
	const able = context.clients.filter(({ codecs }) => codecs.includes(codec));
	const found = able.find((client) => client.name !== not) ?? able[0];
	if (!found) throw new Inapplicable(`needs a client that publishes ${codec}`);
	return found;
}

/** What one client does with the server. */
export function mediaItems({
	name,
	stack,
	decodes,
	codecs,
	sendsSimulcast,
	restartsIce,
	isBrowser,
}: ClientDescription): ConformanceItem[] {
	const items: ConformanceItem[] = [];
	for (const codec of codecs) {
		items.push(
			{
				id: `C1-${name}-${codec}`,
				title: `${stack} publishes ${codec} and Opus, which another client decodes`,
				section: `${whip("4.2")}, ${whep("4.2")}`,
				async run(context) {
					await context.publish(context.client(name), { colour: green, codec });
					const viewer = await context.play(context.decoder(codec, name), { codec });
					await sees(context, viewer, green);
				},
			},
			{
				id: `C2-${name}-${codec}`,
				title: `${stack} plays ${codec} and Opus${decodes ? " and decodes them" : ""}`,
				section: whep("4.2"),
				async run(context) {
					await context.publish(publisherOf(context, codec, name), { colour: blue, codec });
					const viewer = await context.play(context.client(name), { codec });
					if (decodes) await sees(context, viewer, blue);
					else await flows(context, viewer, false);
				},
			},
		);
	}
	items.push({
		id: `C3-${name}`,
		title: `${stack} leaves by DELETE, and can publish again at once`,
		section: whip("4.2"),
		async run(context) {
			for (const colour of [green, blue]) {
				const codec = codecs[0] ?? "VP8";
				const session = await context.publish(context.client(name), { colour, codec });
				const viewer = await context.play(context.decoder(codec), { codec });
				await sees(context, viewer, colour);
				for (const done of [session, viewer]) assert.equal((await context.delete(done)).status, 200);
			}
		},
	});
	if (restartsIce) {
		items.push(
			{
				id: `C4-${name}`,
				title: `${stack} restarts ICE while it publishes, and its media goes on`,
				section: whip("4.3.3"),
				async run(context) {
					const session = await context.publish(context.client(name), { colour: green, codec: "VP8" });
					const viewer = await context.play(context.decoder("VP8"));
					await sees(context, viewer, green);
					await restartIce(context, session);
					await flows(context, viewer, true);
				},
			},
			{
				id: `C5-${name}`,
				title: `${stack} restarts ICE while it plays, and its media goes on`,
				section: whep("4.4.3"),
				async run(context) {
					await context.source();
					const viewer = await context.play(context.client(name), { codec: "VP8" });
					await flows(context, viewer, decodes);
					await restartIce(context, viewer);
					await flows(context, viewer, decodes);
				},
			},
		);
	}
	if (sendsSimulcast) {
		items.push({
			id: `C6-${name}`,
			title: `${stack} publishes three layers: the server takes each of them, and players get a picture`,
			section: `${whip("4.8")}, RFC 8853`,
			async run(context) {
				const session = await context.publish(context.client(name), { colour: green, codec: "VP8", rids: RIDS });
				if (session.answer.all("simulcast").length === 0) {
					context.lacks("simulcast", "the server declines simulcast");
				}
				const viewer = await context.play(context.decoder("VP8"));
				await sees(context, viewer, green);
				await context.untilSent(session.peer, "a receiver report for each of the three layers", (layers) =>
					RIDS.every((rid) => layers.some((layer) => layer.rid === rid && layer.packets > 0 && layer.reported)),
				);
			},
		});
	}
	if (isBrowser) {
		items.push({
			id: `W26-${name}`,
			title: `A page of another origin publishes with ${stack}, and can read what it needs`,
			section: "Fetch standard, CORS protocol",
			async run(context) {
				const client = context.client(name);
				const peer = await client.createPeer();
				context.atEnd(() => peer.close());
				const body = await peer.offerToPublish({ colour: green, codec: "VP8" });
				const { whip: endpoint, whipToken } = context.target;
				const authorization: Record<string, string> =
					whipToken === undefined ? {} : { authorization: `Bearer ${whipToken}` };
				const created = await client.fetchFromPage(endpoint, {
					method: "POST",
					headers: { "content-type": "application/sdp", ...authorization },
					body,
				});
				assert.equal(created.status, 201);
				const { location, etag } = created.headers;
				assert.ok(location, "the page cannot read Location");
				assert.ok(etag, "the page cannot read ETag");
				const session = new URL(location, endpoint).href;
				const patched = await client.fetchFromPage(session, {
					method: "PATCH",
					headers: { "content-type": "application/trickle-ice-sdpfrag", "if-match": etag, ...authorization },
					body: restartFragment(body),
				});
				assert.equal(patched.status, 204);
				const deleted = await client.fetchFromPage(session, { method: "DELETE", headers: authorization });
				assert.equal(deleted.status, 200);
			},
		});
	}
	return items;
}
