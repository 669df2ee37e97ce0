import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/deadline.ts";
import { HttpClient } from "../support/hls/http-client.ts";
import { newestPosition, parseMediaPlaylist } from "../support/hls/parse-playlist.ts";
import { fetchMultivariant } from "../support/programme-tap.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { ID, media, publication, TestOrigin } from "../support/test-origin.ts";

const DEADLINE_MS = 60_000;
const HALF_OPEN = 10_000;
/** Of this process, beside those that are to be half-open. */
const OTHER_DESCRIPTORS = 1_000;
const BATCH = 200;

describe("a live programme", () => {
	let server: RostrumServer;
	let playlistUrl: string;
	const client = new HttpClient();

	beforeAll(async () => {
		server = await startRostrumServer({ environment: { LADDER: "360" } });
		const { id } = await server.api.createWebinar("Hostile");
		await server.api.start(id);
		const { variants } = await fetchMultivariant(server.baseUrl, id);
		playlistUrl = variants[0]?.url ?? "";
	});

	afterAll(async () => {
		client.close();
		await server.close();
	});

	/** As a player does: the newest playlist, the one with the next part, and that part. */
	async function watch(): Promise<void> {
		const first = parseMediaPlaylist((await client.get(playlistUrl)).body.toString());
		const before = newestPosition(first);
		const next = await client.get(`${playlistUrl}?_HLS_msn=${before.msn}&_HLS_part=${before.part + 1}`);
		expect(next.status).toBe(200);
		const { segments } = parseMediaPlaylist(next.body.toString());
		const uri = segments.flatMap(({ parts }) => parts).at(-1)?.uri ?? "";
		const part = await client.get(new URL(uri, playlistUrl));
		expect([part.status, part.body.length > 0]).toEqual([200, true]);
	}

	async function metric(name: string): Promise<number> {
		const text = await (await fetch(`${server.baseUrl}/metrics`)).text();
		const escaped = name.replace(/[{}"]/g, "\\$&");
		return Number(new RegExp(`^${escaped} (\\S+)$`, "m").exec(text)?.[1]);
	}

	/** Opens connections, a batch at a time, and sends on each what `sent` says. */
	async function open(count: number, sent: (index: number) => string): Promise<Socket[]> {
		const port = Number(new URL(server.baseUrl).port);
		const sockets: Socket[] = [];
		while (sockets.length < count) {
			const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, (_, index) => {
				const socket = connect({ host: "127.0.0.1", port });
				socket.on("error", () => {}); // its close follows
				socket.resume();
				socket.write(sent(sockets.length + index), "latin1");
				return socket;
			});
			sockets.push(...batch);
			await eventually(
				() => batch.every((socket) => !socket.connecting),
				DEADLINE_MS,
				() => `${sockets.length} connections are not open`,
			);
		}
		return sockets;
	}

	test(`is there for those who ask while ${HALF_OPEN} half-open connections are held, which are closed`, async () => {
		const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
		const count = Math.min(HALF_OPEN, limit - OTHER_DESCRIPTORS);
		await watch();
		const halfOpen = ["", "GET /live/", "GET /live/x/720p/index.m3u8 HTTP/1.1\r\nHost: x\r\nA: ", "POST /whip/x HTT"];
		const opening = open(count, (index) => halfOpen[index % halfOpen.length] ?? "");
		await Promise.all([opening, watch()]);
		const sockets = await opening;
		for (let i = 0; i < 3; i++) await watch();
		expect((await fetch(`${server.baseUrl}/healthz`)).status).toBe(200);
		await eventually(
			() => sockets.every(({ closed }) => closed),
			DEADLINE_MS,
			() => `${sockets.filter(({ closed }) => !closed).length} of ${count} are open still`,
		);
		expect(await metric('rostrum_origin_dropped_connections_total{reason="half-open"}')).toBe(count);
		await watch();
		expect(await metric("rostrum_origin_connections")).toBeLessThan(20);
	});

	const path = () => new URL(playlistUrl).pathname;
	test.each([
		["a way up", () => `${path()}/../../../../etc/passwd`, 404],
		["an escaped way up", () => path().replace("index.m3u8", "..%2f..%2f..%2fetc%2fpasswd"), 404],
		["a way up by dots that are escaped twice", () => path().replace("index.m3u8", "%252e%252e%252fjournal"), 404],
		["a zero", () => path().replace("index.m3u8", "segment%00"), 404],
		["what the archive keeps beside media", () => path().replace("360p/index.m3u8", "journal"), 404],
		["an escape that is none", () => `${path()}%zz`, 400],
		["a part without its segment", () => `${path()}?_HLS_part=1`, 400],
		["a segment that is no number", () => `${path()}?_HLS_msn=%31x`, 400],
		["a segment below zero", () => `${path()}?_HLS_msn=-1`, 400],
		["a number beyond all bounds", () => `${path()}?_HLS_msn=${"9".repeat(40)}`, 400],
		["a segment far ahead", () => `${path()}?_HLS_msn=999999`, 400],
		["directives twice", () => `${path()}?_HLS_msn=1&_HLS_msn=2`, 400],
		["directives nobody knows", () => `${path()}?_HLS_push=1&__proto__=1&_HLS_skip=9`, 200],
		["a pass that opens nothing", () => path().replace("/360p", "/~open-sesame/360p"), 403],
		["a pass that is too long to be one", () => path().replace("/360p", `/~${"x".repeat(2_000)}/360p`), 404],
	])("answers %s with a problem or as if it were not there", async (_what, target, status) => {
		for (const way of ["keep-alive", "close"]) {
			const connection = new RawConnection(Number(new URL(server.baseUrl).port));
			try {
				connection.send(`GET ${target()} HTTP/1.1\r\nHost: localhost\r\nConnection: ${way}\r\n\r\n`);
				const [answer] = await connection.untilAnswers(1);
				expect(answer?.status).toBe(status);
				expect(answer?.headers["content-type"]).toContain(
					status === 200 ? "application/vnd.apple.mpegurl" : "application/problem+json",
				);
			} finally {
				connection.close();
			}
		}
	});

	test("has come through it unharmed, and no pass is in the log", async () => {
		await watch();
		const levels = server.log.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line).level as number] : []));
		expect(levels.filter((level) => level >= 50)).toEqual([]);
		expect(server.log.filter((line) => line.includes("open-sesame"))).toEqual([]);
	});

	test("answers all who wait with 503 when it ends, and ends", async () => {
		const { msn } = newestPosition(parseMediaPlaylist((await client.get(playlistUrl)).body.toString()));
		// One after the other, so that all of them wait for something whenever that is.
		const request = Array.from(
			{ length: 20 },
			(_, index) => `GET ${path()}?_HLS_msn=${msn + 1 + index} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		).join("");
		const port = Number(new URL(server.baseUrl).port);
		const waiting = Array.from({ length: 500 }, () => new RawConnection(port).send(request));
		await eventually(
			async () => (await metric("rostrum_origin_blocked_requests")) === waiting.length,
			DEADLINE_MS,
			() => "not all of them wait",
		);
		await server.close();
		await Promise.all(waiting.map((connection) => connection.untilClosed()));
		const last = waiting.map(({ answers }) => answers.at(-1)?.status);
		expect(last).toEqual(waiting.map(() => 503));
	});
});

describe("slow readers", () => {
	const SEGMENT_BYTES = 8 * 1024 * 1024;
	const READERS = 40;
	let server: TestOrigin;
	let directory: string | undefined;

	afterEach(async () => {
		await server.close();
		if (directory) await rm(directory, { recursive: true });
		directory = undefined;
	});

	const request = (name: string) => `GET /live/${ID}/720p/${name} HTTP/1.1\r\nHost: x\r\n\r\n`;
	const slowDrops = async () => {
		const read = await server.metrics.getSingleMetric("rostrum_origin_dropped_connections_total")?.get();
		return read?.values.find(({ labels }) => labels["reason"] === "slow")?.value ?? 0;
	};

	/** Asks for the same again and again, without reading, until it is dropped. Returns how much memory that took at most. */
	async function hold(name: string): Promise<number> {
		global.gc?.();
		const before = process.memoryUsage().arrayBuffers;
		const readers = Array.from({ length: READERS }, () => server.connect());
		for (const { socket } of readers) {
			socket.pause();
			socket.write(request(name).repeat(50));
		}
		let most = 0;
		await eventually(
			async () => {
				most = Math.max(most, process.memoryUsage().arrayBuffers - before);
				return (await slowDrops()) === READERS;
			},
			DEADLINE_MS,
			() => "not every slow reader was dropped",
		);
		return most;
	}

	test("of media in memory share it, and are dropped", async () => {
		server = await TestOrigin.start();
		server.stream.publish(publication(3, 1, { added: [{ name: "big", chunks: [Buffer.alloc(SEGMENT_BYTES)] }] }));
		// Neither a copy for each reader nor one for each of their questions.
		expect(await hold("big")).toBeLessThan(SEGMENT_BYTES);
	});

	test("of a file hold a piece of it each, and are dropped", async () => {
		directory = await mkdtemp(join(tmpdir(), "origin-hostile-"));
		const path = join(directory, "big");
		await writeFile(path, Buffer.alloc(SEGMENT_BYTES));
		const found = { path, length: SEGMENT_BYTES, contentType: "video/mp4" };
		server = await TestOrigin.start({ archive: { find: (_, name) => (name === "big" ? found : undefined) } });
		server.stream.publish(publication(3, 1, { added: [media("part-19", "x")] }));
		expect(await hold("big")).toBeLessThan(READERS * SEGMENT_BYTES * 0.5);
	});

	test("do not keep the others waiting", async () => {
		server = await TestOrigin.start();
		server.stream.publish(publication(3, 1, { added: [{ name: "big", chunks: [Buffer.alloc(SEGMENT_BYTES)] }] }));
		const readers = Array.from({ length: READERS }, () => server.connect());
		for (const { socket } of readers) {
			socket.pause();
			socket.write(request("big"));
		}
		const asked = server.connect().send(request("index.m3u8"));
		expect((await asked.untilAnswers(1))[0]?.body).toBe("720p 3.1");
		for (const { socket } of readers) socket.resume();
		await eventually(
			() => readers.every(({ socket }) => socket.bytesRead > SEGMENT_BYTES),
			DEADLINE_MS,
			() => "not every slow reader got all",
		);
		expect(await slowDrops()).toBe(0);
	});
});
