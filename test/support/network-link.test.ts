import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "./deadline.ts";
import { NetworkLink } from "./network-link.ts";

/** An echo server, and a client that counts what comes back. */
let server: Socket;
let client: Socket;
let link: NetworkLink;
let echoes: { number: number; afterMs: number }[];
const sentAt: number[] = [];
/** Packets sent in a test so far. */
let total: number;

beforeEach(async () => {
	[server, client] = [createSocket("udp4"), createSocket("udp4")];
	server.on("message", (datagram, from) => server.send(datagram, from.port, from.address));
	server.bind(0, "127.0.0.1");
	await once(server, "listening");
	link = await NetworkLink.open({ address: "127.0.0.1", port: server.address().port }, 7);
	echoes = [];
	total = 0;
	client.on("message", (datagram) => {
		const number = datagram.readUInt32BE(0);
		echoes.push({ number, afterMs: performance.now() - (sentAt[number] ?? 0) });
	});
});
afterEach(() => {
	link.close();
	server.close();
	client.close();
});

/** 1000-byte packets, one every `everyMs`; then waits until each of them has come back or is lost. */
async function send(count: number, everyMs: number): Promise<void> {
	for (let number = 0; number < count; number++) {
		sentAt[number] = performance.now();
		const datagram = Buffer.alloc(1000);
		datagram.writeUInt32BE(number);
		client.send(datagram, link.port, "127.0.0.1");
		await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
	total += count;
	const { up, down } = link;
	await eventually(
		() => up.sent === total && down.sent === up.sent - up.lost && echoes.length === down.sent - down.lost,
		10_000,
		() => `${up.sent} of ${total} went up, ${down.sent} down, ${echoes.length} came`,
	);
}

test("a perfect link changes nothing", async () => {
	await send(50, 2);
	expect(echoes.map(({ number }) => number)).toEqual([...Array(50).keys()]);
});

test("losses are at random, in both directions", async () => {
	link.become({ loss: 0.2 });
	await send(400, 1);
	expect(link.up.lost).toBeGreaterThan(50);
	expect(link.down.lost).toBeGreaterThan(35);
	expect(echoes).toHaveLength(400 - link.up.lost - link.down.lost);
});

test("jitter delays each packet by itself, so that they overtake each other", async () => {
	link.become({ delayMs: 40, jitterMs: 30 });
	await send(100, 2);
	expect(echoes).toHaveLength(100);
	expect(Math.min(...echoes.map(({ afterMs }) => afterMs))).toBeGreaterThan(20);
	expect(echoes.some(({ number }, index) => number < (echoes[index - 1]?.number ?? 0))).toBe(true);
});

test("a limited link queues, then drops", async () => {
	// 100 packets a second fit; five times as many come.
	link.up.conditions = { ...link.up.conditions, bitsPerSecond: 100 * 1028 * 8, queueMs: 100 };
	await send(200, 2);
	expect(link.up.lost).toBeGreaterThan(60);
	expect(Math.max(...echoes.map(({ afterMs }) => afterMs))).toBeGreaterThan(60);
	const numbers = echoes.map(({ number }) => number);
	expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
});

test("a cut link passes nothing until it is mended", async () => {
	link.become({ cut: true });
	await send(10, 1);
	expect(echoes).toEqual([]);
	link.become({});
	await send(10, 1);
	expect(echoes).toHaveLength(10);
});
