import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "./deadline.ts";
import { mayMakeNetworks } from "./network-namespace.ts";
import { PacketLink } from "./packet-link.ts";

const ANSWER = "x".repeat(200_000);

describe.runIf(mayMakeNetworks())("a link of IP packets", () => {
	let link: PacketLink;
	let server: Server;
	let node: string;

	beforeAll(async () => {
		server = createServer((_request, response) => response.end(ANSWER));
		await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
		link = await PacketLink.open();
		node = await link.wrap(process.execPath);
	});

	afterAll(async () => {
		await link.close();
		server.close();
	});

	/** From behind the link: milliseconds until the whole answer was there. */
	async function fetchBehind(): Promise<number> {
		const url = `http://${link.hostAddress}:${(server.address() as AddressInfo).port}/`;
		const script = `const at = performance.now(); const text = await (await fetch("${url}")).text();
			console.log(text.length, performance.now() - at)`;
		const { stdout } = await promisify(execFile)(node, ["--input-type=module", "-e", script], { timeout: 25_000 });
		const [length, tookMs] = stdout.split(" ").map(Number);
		expect(length).toBe(ANSWER.length);
		return tookMs ?? 0;
	}

	test("carries TCP, late and in spite of loss", async () => {
		await fetchBehind();
		link.link.become({ delayMs: 100 });
		// The handshake and the request each take a round trip.
		expect(await fetchBehind()).toBeGreaterThan(400);
		link.link.become({ loss: 0.05 });
		const before = link.link.down.lost;
		await fetchBehind();
		expect(link.link.down.lost).toBeGreaterThan(before);
	});

	test("carries nothing while it is cut, and what was asked for afterwards", async () => {
		link.link.become({ cut: true });
		const before = link.link.up.lost;
		const fetched = fetchBehind();
		await eventually(
			() => link.link.up.lost > before,
			20_000,
			() => "nothing was sent",
		);
		link.link.become({});
		// TCP asks again after a second.
		expect(await fetched).toBeGreaterThan(900);
	});
});
