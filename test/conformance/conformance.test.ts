import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { startTurnServer, type TurnServer } from "../support/turn-server.ts";
import { clientFactories, startClients } from "./clients/all-clients.ts";
import type { MediaClient } from "./clients/media-client.ts";
import { type ConformanceTarget, features } from "./conformance-target.ts";
import { fillServer } from "./fill-server.ts";
import { allItems } from "./items/all-items.ts";
import { runItem } from "./run-item.ts";

let clients: MediaClient[] = [];
let turn: TurnServer | undefined;
beforeAll(async () => {
	turn = await startTurnServer();
	clients = await startClients(clientFactories);
});
afterAll(async () => {
	for (const client of clients) await client.close();
	await turn?.close();
});

/** Full as far as this webinar's media worker goes. */
function fill(server: RostrumServer, target: ConformanceTarget) {
	const webinarId = target.whip.slice(target.whip.lastIndexOf("/") + 1);
	return fillServer(target, async () => (await server.api.invite(webinarId, "presenter", "One of many")).token);
}

/** Each item gets a webinar of its own, so that none finds what another has left. */
async function newTarget(server: RostrumServer, strict: boolean): Promise<ConformanceTarget> {
	const { id } = await server.api.createWebinar("Conformance");
	const publisher = await server.api.invite(id, "presenter", "Publisher");
	const viewer = await server.api.invite(id, "presenter", "Viewer");
	const attendee = await server.api.invite(id, "attendee", "Attendee");
	return {
		whip: `${server.baseUrl}/whip/${id}`,
		whep: `${server.baseUrl}/whep/${id}`,
		whipToken: publisher.token,
		whepToken: viewer.token,
		forbiddenToken: attendee.token,
		strict,
		expects: features,
	};
}

describe.each(["strict", "lenient"] as const)("a %s server", (strictness) => {
	const strict = strictness === "strict";
	let server: RostrumServer;
	beforeAll(async () => {
		server = await startRostrumServer({
			environment: {
				WHIP_STRICT: String(strict),
				TURN_URLS: `${turn?.url},turns:turn.example.org:5349?transport=tcp`,
				TURN_SECRET: turn?.secret ?? "",
			},
		});
	});
	afterAll(() => server?.close());

	const items = allItems(clientFactories);
	it.for(items)("$id: $title ($section)", async (item, { skip }) => {
		const target = await newTarget(server, strict);
		if (item.id === "W20") target.overloaded = await fill(server, target);
		const { verdict, reason } = await runItem(item, target, clients);
		// An item of the other strictness; everything else this server is expected to have.
		if (verdict === "skip" && item.id === "W14b") skip(reason);
		expect(`${verdict} ${reason}`.trim()).toBe("pass");
	});
});
