import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/deadline.ts";
import { ID, media, publication, TestOrigin } from "../../test/support/test-origin.ts";

const DEADLINE_MS = 30_000;

let server: TestOrigin;

beforeEach(async () => {
	server = await TestOrigin.start();
	server.stream.publish(publication(3, 1, { added: [media("segment-3", "0123", "456789")] }));
});

afterEach(() => server.close());

function get(path: string, ...lines: string[]): string {
	return [`GET ${path} HTTP/1.1`, "Host: example.org", ...lines, "", ""].join("\r\n");
}
const segment = get(`/live/${ID}/720p/segment-3`);
const playlist = get(`/live/${ID}/720p/index.m3u8`);
const echo = (body: string) =>
	get("/api/echo", "Content-Type: application/json", `Content-Length: ${body.length}`).replace("GET", "POST") + body;

async function drops(): Promise<Record<string, number>> {
	const read = await server.metrics.getSingleMetric("rostrum_origin_dropped_connections_total")?.get();
	return Object.fromEntries(read?.values.map(({ labels, value }) => [labels["reason"], value]) ?? []);
}

async function connections(): Promise<number> {
	return (await server.metrics.getSingleMetric("rostrum_origin_connections")?.get())?.values[0]?.value ?? -1;
}

describe("a connection of the audience", () => {
	it("carries one answer after the other, in the order of the questions", async () => {
		const connection = server.connect();
		connection.send(
			segment + playlist + get(`/live/${ID}/720p/index.m3u8?_HLS_msn=4&_HLS_part=1`) + segment + get("/live/none/x"),
		);
		await server.untilBlocked(1);
		expect((await connection.untilAnswers(2)).map(({ body }) => body)).toEqual(["0123456789", "720p 3.1"]);
		server.stream.publish(publication(3, 2));
		const answers = await connection.untilAnswers(5);
		expect(answers.map(({ status, body }) => [status, body]).slice(2, 4)).toEqual([
			[200, "720p 3.2"],
			[200, "0123456789"],
		]);
		expect(answers[4]?.status).toBe(404);
		expect(connection.closed).toBe(false);
	});

	it("may bring its question byte by byte", async () => {
		const connection = server.connect();
		for (const question of [segment, playlist]) await connection.sendByteByByte(question);
		const answers = await connection.untilAnswers(2);
		expect(answers.map(({ body }) => body)).toEqual(["0123456789", "720p 3.1"]);
	});

	it("gets no body for HEAD, and goes on", async () => {
		const connection = server.connect().send(segment.replace("GET", "HEAD") + playlist);
		await eventually(
			() => connection.text.endsWith("720p 3.1"),
			DEADLINE_MS,
			() => connection.text,
		);
		expect(connection.text).toContain("content-length: 10\r\n");
		expect(connection.text).not.toContain("0123456789");
	});

	it("gets the same by either way", async () => {
		const target = `/live/${ID}/720p/`;
		const questions = [
			[`${target}index.m3u8`],
			[`${target}index.m3u8`, "Accept-Encoding: gzip"],
			[`${target}index.m3u8?_HLS_msn=3`],
			[`${target}index.m3u8?_HLS_msn=x`],
			[`/live/${ID}/index.m3u8`],
			[`${target}segment-3`],
			[`${target}segment-3`, "Range: bytes=2-5"],
			[`${target}segment-3`, "Range: bytes=2-5", "If-Range: yesterday"],
			[`${target}segment-3`, "Range: bytes=20-"],
			[`${target}segment-4`],
		] as const;
		for (const [path, ...lines] of questions) {
			const fast = server.connect().send(get(path, ...lines));
			const slow = server.connect().send(get(path, "Connection: close", ...lines));
			const [[fastAnswer], [slowAnswer]] = await Promise.all([fast.untilAnswers(1), slow.untilAnswers(1)]);
			expect(slowAnswer?.headers["connection"]).toBe("close");
			const { connection, date: slowDate, ...slowHeaders } = slowAnswer?.headers ?? {};
			const { date: fastDate, ...fastHeaders } = fastAnswer?.headers ?? {};
			expect(fastHeaders["connection"]).toBeUndefined();
			expect(fastDate).toBe(new Date(server.nowMs).toUTCString());
			expect({ ...slowAnswer, headers: slowHeaders }).toEqual({ ...fastAnswer, headers: fastHeaders });
		}
	});

	it("is the server's from the first other question on", async () => {
		const connection = server.connect().send(segment + echo('{"a":1}') + echo('{"b":2}') + segment);
		await connection.untilClosed(); // as each answer to the audience by the ordinary way says
		expect(connection.answers.map(({ body }) => body)).toEqual(["0123456789", '{"a":1}', '{"b":2}', "0123456789"]);
		expect(connection.answers.at(-1)?.headers["connection"]).toBe("close");
	});

	it("is the server's when the other question comes in pieces, too", async () => {
		const connection = server.connect().send(segment);
		await connection.untilAnswers(1);
		await connection.sendByteByByte(echo('{"a":1}'));
		expect((await connection.untilAnswers(2))[1]?.body).toBe('{"a":1}');
	});

	it("can become a WebSocket", async () => {
		const connection = server.connect().send(segment);
		await connection.untilAnswers(1);
		const key = "dGhlIHNhbXBsZSBub25jZQ==";
		const upgrade = [
			"Upgrade: websocket",
			"Connection: Upgrade",
			`Sec-WebSocket-Key: ${key}`,
			"Sec-WebSocket-Version: 13",
		];
		connection.send(get("/api/socket", ...upgrade));
		await eventually(
			() => connection.text.includes("101 Switching Protocols"),
			DEADLINE_MS,
			() => connection.text,
		);
		connection.send("\x81\x85\0\0\0\0hello"); // a masked text frame (RFC 6455 section 5.2)
		await eventually(
			() => connection.text.endsWith("\x81\x05hello"),
			DEADLINE_MS,
			() => JSON.stringify(connection.text),
		);
	});

	it("is forgotten when its client goes, or asks no more, while it waits", async () => {
		const waiting = [server.connect(), server.connect()] as const;
		for (const connection of waiting) connection.send(get(`/live/${ID}/720p/part-20`));
		await server.untilBlocked(2);
		waiting[0].close();
		await server.untilBlocked(1);
		waiting[1].socket.end();
		await waiting[1].untilClosed();
		await server.untilBlocked(0);
		expect(waiting[1].text).toBe("");
	});

	it("is answered before it ends when it asks no more", async () => {
		const connection = server.connect();
		connection.socket.end(segment, "latin1");
		await connection.untilClosed();
		expect(connection.answers.map(({ body }) => body)).toEqual(["0123456789"]);
	});

	it("may be one of an edge, which is counted", async () => {
		const connection = server.connect().send(get(`/live/${ID}/720p/segment-3`, "Via: 1.1 varnish") + segment);
		await connection.untilAnswers(2);
		expect(await server.metrics.metrics()).toContain("rostrum_origin_edge_requests_total 1");
	});
});

describe("what is not understood", () => {
	const smuggled = get(`/live/${ID}/720p/segment-3`);
	it.each([
		["both lengths of a body", ["Content-Length: 6", "Transfer-Encoding: chunked"], "0\r\n\r\n"],
		["a space before the colon", ["Transfer-Encoding : chunked"], ""],
		["two lengths", ["Content-Length: 0", `Content-Length: ${smuggled.length}`], ""],
		["a folded line", ["X: a", " Content-Length: 5"], ""],
		["a bare line feed", [`X: a\nContent-Length: ${smuggled.length}`], ""],
		["two hosts", ["Host: elsewhere.example"], ""],
	])("is refused by the server, and nothing after it is taken for a question: %s", async (_what, lines, body) => {
		const connection = server.connect().send(get(`/live/${ID}/720p/index.m3u8`, ...lines) + body + smuggled);
		await connection.untilClosed();
		expect(connection.text).not.toContain("0123456789");
	});

	it("may be a body, which is not taken for a question", async () => {
		const question = get(`/live/${ID}/720p/index.m3u8`, `Content-Length: ${smuggled.length}`);
		const connection = server.connect().send(question + smuggled);
		await connection.untilClosed();
		expect(connection.answers.map(({ body }) => body)).toEqual(["720p 3.1"]);
	});

	it("may be a head without end, or what is no HTTP at all", async () => {
		const endless = server.connect().send(`${segment.slice(0, -2)}X: ${"a".repeat(20_000)}`);
		const nonsense = ["\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", segment.replaceAll("\r", "")].map((text) =>
			server.connect().send(text),
		);
		await Promise.all([endless, ...nonsense].map((connection) => connection.untilClosed()));
		expect(endless.text).toMatch(/^HTTP\/1.1 431 /);
		for (const { text } of nonsense) expect(text).toMatch(/^HTTP\/1.1 400 /);
	});
});

describe("patience", () => {
	it("ends with a question that does not come, in whole or in part", async () => {
		const silent = server.connect();
		const slow = server.connect().send(segment.slice(0, 20));
		const other = server.connect().send(echo("{}").slice(0, 40));
		await eventually(
			async () => (await connections()) === 3,
			DEADLINE_MS,
			() => "not connected",
		);
		server.nowMs += 9_999;
		const late = server.connect();
		await eventually(
			async () => (await connections()) === 4,
			DEADLINE_MS,
			() => "not connected",
		);
		slow.send(segment.slice(20, 30));
		server.nowMs += 1;
		await Promise.all([silent, slow, other].map((connection) => connection.untilClosed()));
		expect((await late.send(segment).untilAnswers(1))[0]?.status).toBe(200);
		expect(await drops()).toEqual({ "half-open": 3 });
	});

	it("ends with a connection on which nothing is asked for long", async () => {
		const idle = server.connect().send(segment);
		await idle.untilAnswers(1);
		server.nowMs += 71_999;
		await idle.send(segment).untilAnswers(2);
		server.nowMs += 72_000;
		await idle.untilClosed();
		expect(await drops()).toEqual({ idle: 1 });
	});

	it("does not end with a blocked request before the stream's", async () => {
		const waiting = server.connect().send(get(`/live/${ID}/720p/part-20`));
		await server.untilBlocked(1);
		server.nowMs += 6_000;
		expect((await waiting.untilAnswers(1))[0]?.status).toBe(503);
		expect(waiting.closed).toBe(false);
	});
});

describe("too many connections", () => {
	it("cost those that ask nothing theirs, the oldest first", async () => {
		await server.close();
		server = await TestOrigin.start({ maxConnections: 4 });
		server.stream.publish(publication(3, 1, { added: [media("segment-3", "0123", "456789")] }));
		const waiting = server.connect().send(get(`/live/${ID}/720p/part-20`));
		await server.untilBlocked(1);
		const idle = server.connect().send(segment);
		await idle.untilAnswers(1);
		const silent = [server.connect(), server.connect()] as const;
		await eventually(
			async () => (await connections()) === 4,
			DEADLINE_MS,
			() => "not connected",
		);
		const next = server.connect().send(segment);
		await next.untilAnswers(1);
		await silent[0].untilClosed();
		expect([silent[1].closed, idle.closed, waiting.closed]).toEqual([false, false, false]);
		await server.connect().send(segment).untilAnswers(1);
		await silent[1].untilClosed();
		await server.connect().send(segment).untilAnswers(1);
		await idle.untilClosed();
		expect(await drops()).toEqual({ "too-many": 3 });
		server.stream.publish(publication(3, 2, { added: [media("part-20", "twenty")] }));
		expect((await waiting.untilAnswers(1))[0]?.body).toBe("twenty");
	});

	it("are refused when all others are waiting", async () => {
		await server.close();
		server = await TestOrigin.start({ maxConnections: 2 });
		server.stream.publish(publication(3, 1));
		for (let i = 0; i < 2; i++) server.connect().send(get(`/live/${ID}/720p/part-20`));
		await server.untilBlocked(2);
		await server.connect().untilClosed();
		expect(await server.blocked()).toBe(2);
		expect(await drops()).toEqual({ "too-many": 1 });
	});
});

describe("the end", () => {
	it("answers who waits with 503 and closes, at once closes who does not, and leaves the rest to the server", async () => {
		const waiting = server.connect().send(get(`/live/${ID}/720p/part-20`) + segment);
		await server.untilBlocked(1);
		const idle = server.connect().send(segment);
		await idle.untilAnswers(1);
		const silent = server.connect();
		await once(silent.socket, "connect");
		server.origin.close();
		await Promise.all([waiting.untilClosed(), idle.untilClosed(), silent.untilClosed()]);
		expect(waiting.answers).toMatchObject([{ status: 503, headers: { connection: "close" } }]);
		const [late] = await server.connect().send(segment).untilAnswers(1);
		expect(late).toMatchObject({ status: 200, headers: { connection: "close" } });
	});
});
