import type { Browser } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startIngest } from "../../ingest/test-support/ingest-server.ts";
import { askForIceServers, type IceServer } from "../../src/lib/studio/ice-servers.ts";
import { chromiumPath, launchChromium } from "../support/chromium.ts";
import { eventually } from "../support/deadline.ts";
import { mayMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { type SentPicture, StagePeer } from "../support/stage/stage-peer.ts";
import { startTurnServer } from "../support/turn-server.ts";

// A browser in a network that lets no UDP through publishes, and one outside sees it.

const picture: SentPicture = {
	width: 320,
	height: 180,
	frameRate: 15,
	colour: "#246",
	encodings: [{ maxBitrate: 300_000 }],
};
const PATIENCE_MS = 30_000;
const open: { close(): Promise<void> }[] = [];
let namespace: NetworkNamespace;
let behind: Browser;

if (!mayMakeNetworks()) console.warn("Tests of firewalls and TURN are skipped: network namespaces need root.");

function opened<T extends { close(): Promise<void> }>(resource: T): T {
	open.push(resource);
	return resource;
}

beforeEach(async () => {
	if (!mayMakeNetworks()) return;
	namespace = opened(await NetworkNamespace.open());
	behind = opened(await launchChromium(undefined, await namespace.wrap(chromiumPath())));
});
afterEach(async () => {
	for (const resource of open.splice(0).reverse()) await resource.close();
});

/** Publishes from behind the firewall, waits until it is seen, and returns the candidates media goes by. */
async function publishFromBehind(server: Awaited<ReturnType<typeof startIngest>>, iceServers: IceServer[]) {
	// Signalling goes from here: this is about media.
	const publisher = await StagePeer.open(behind, "about:blank", { iceServers });
	const subscriber = await StagePeer.open(opened(await launchChromium()), server.origin);
	await publisher.publish({ url: server.whip, token: await server.token("a") }, picture);
	await subscriber.subscribe({ url: server.whep, token: await server.token("b") }, 1);
	await eventually(
		async () => (await subscriber.read()).frames >= 10,
		PATIENCE_MS,
		() => "nothing was seen",
	);
	const stats = await publisher.stats();
	const one = (id: unknown) => stats.find((stat) => stat["id"] === id);
	const transport = stats.find(({ type }) => type === "transport");
	const pair = one(transport?.["selectedCandidatePairId"]);
	return { local: one(pair?.["localCandidateId"]), remote: one(pair?.["remoteCandidateId"]) };
}

test.skipIf(!mayMakeNetworks())("ICE-TCP carries media where UDP is blocked", async () => {
	const server = opened(await startIngest());
	await namespace.filter({ input: ["meta l4proto udp drop"], output: ["meta l4proto udp drop"] });
	const { local, remote } = await publishFromBehind(server, []);
	expect(local).toMatchObject({ protocol: "tcp" });
	expect(remote).toMatchObject({ protocol: "tcp", port: server.mediaPort });
});

test.skipIf(!mayMakeNetworks())("TURN over TCP carries it where the media port is blocked, too", async () => {
	const relay = opened(await startTurnServer(namespace.hostAddress));
	const server = opened(await startIngest({ turn: { urls: [relay.tcpUrl], secret: relay.secret } }));
	await namespace.filter({
		input: ["meta l4proto udp drop", `tcp sport ${server.mediaPort} drop`],
		output: ["meta l4proto udp drop", `tcp dport ${server.mediaPort} drop`],
	});
	const signal = AbortSignal.timeout(PATIENCE_MS);
	const iceServers = await askForIceServers(server.whip, await server.token("a"), signal);
	expect(iceServers).toHaveLength(1);
	const { local } = await publishFromBehind(server, iceServers);
	expect(local).toMatchObject({ candidateType: "relay", relayProtocol: "tcp" });
});
