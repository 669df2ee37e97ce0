import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../test-support/until.ts";
import { createChannel, ThreadChannel } from "./thread-channel.ts";

interface Datagram {
	data: Uint8Array;
}
type Message = { note: string } | Datagram;

let ends: ThreadChannel<Message, Message>[];
let received: Message[];
beforeEach(() => {
	received = [];
	ends = createChannel().map((end) => new ThreadChannel<Message, Message>(end, (message) => received.push(message)));
});
afterEach(() => {
	for (const end of ends) end.close();
});

test("messages and datagrams arrive in order, and take nothing of a pool with them", async () => {
	const [near] = ends;
	const pooled = Buffer.from("pooled");
	const own = new Uint8Array([1, 2, 3]);
	near?.post({ note: "first" });
	expect(near?.relay({ data: pooled })).toBe(true);
	expect(near?.relay({ data: own })).toBe(true);
	expect(pooled.toString()).toBe("pooled");
	expect(own.length).toBe(0);
	await until("all", () => received.length === 3);
	expect(received).toEqual([
		{ note: "first" },
		{ data: new Uint8Array(Buffer.from("pooled")) },
		{ data: new Uint8Array([1, 2, 3]) },
	]);
});

test("an end that does not keep up loses datagrams but no messages, and gets datagrams again later", async () => {
	const [near] = ends;
	// The other end is in this thread, which is busy here.
	let taken = 0;
	for (let sent = 0; sent < 3_000; sent++) if (near?.relay({ data: new Uint8Array(1) })) taken++;
	near?.post({ note: "not lost" });
	expect(taken).toBe(2_000);
	await until("the rest", () => received.length === 2_001);
	expect(received.at(-1)).toEqual({ note: "not lost" });
	expect(near?.relay({ data: new Uint8Array(1) })).toBe(true);
});
