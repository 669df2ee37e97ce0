import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/deadline.ts";
import { type EdgeKind, type EdgeServer, startEdgeServer } from "../support/edge-server.ts";
import { type HttpAnswer, HttpClient } from "../support/hls/http-client.ts";
import { newestPosition, parseMediaPlaylist } from "../support/hls/parse-playlist.ts";
import { validateHls } from "../support/hls-validator.ts";
import { RequestTap } from "../support/request-tap.ts";
import { RostrumApi } from "../support/rostrum-api.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";

const DEADLINE_MS = 30_000;
const CLIENTS = 12;
const GZIP = { "accept-encoding": "gzip" };

let dataDir: string;
let server: RostrumServer;
let webinarId: string;

const startServer = () => startRostrumServer({ environment: { DATA_DIR: dataDir, LADDER: "240" } });
const portOf = ({ baseUrl }: RostrumServer) => Number(new URL(baseUrl).port);

beforeAll(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "rostrum-edge-test-"));
	server = await startServer();
	webinarId = (await server.api.createWebinar("Behind an edge")).id;
	await server.api.start(webinarId);
});

afterAll(async () => {
	await server?.close();
	await rm(dataDir, { recursive: true, force: true });
});

describe.each<EdgeKind>(["varnish", "nginx"])("%s", (kind) => {
	/** Between the edge and the server. */
	let origin: RequestTap;
	let edge: EdgeServer;
	const client = new HttpClient();
	/** How many requests the server had when the test began. */
	let before = 0;

	beforeAll(async () => {
		origin = await RequestTap.start(portOf(server));
		edge = await startEdgeServer(kind, origin.address);
		await eventually(
			async () => (await direct("index.m3u8")).status === 200 && (await newest()).segments.length > 6,
			DEADLINE_MS,
			() => "no programme",
		);
	});

	beforeEach(() => {
		before = origin.requests.length;
	});

	afterAll(async () => {
		client.close();
		await edge?.close();
		await origin?.close();
	});

	const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
		client.get(`${edge.baseUrl}/live/${webinarId}/${path}`, headers, method);
	const direct = (path: string) => client.get(`${server.baseUrl}/live/${webinarId}/${path}`);
	const asked = (pattern: RegExp) => origin.count(pattern, before);

	async function newest() {
		const { body } = await direct("240p/index.m3u8");
		return parseMediaPlaylist(body.toString());
	}

	/** The query of a reload that waits for a second or more. */
	async function waitingReload(): Promise<string> {
		const position = await eventually(
			async () => {
				const found = newestPosition(await newest());
				return found.part <= 1 && found;
			},
			DEADLINE_MS,
			() => "no segment began",
		);
		return `240p/index.m3u8?_HLS_msn=${position.msn + 1}&_HLS_part=0`;
	}

	async function someSegment(fromEnd: number): Promise<string> {
		const { segments } = await newest();
		return `240p/${segments.filter(({ uri }) => uri !== undefined).at(-fromEnd)?.uri}`;
	}

	const plain = ({ headers, body }: HttpAnswer) => (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);

	test(`lets ${kind === "varnish" ? "one" : "every one"} of many requests that wait for long through`, async () => {
		const path = await waitingReload();
		const answers = await Promise.all(
			Array.from({ length: CLIENTS }, (_, index) => get(path, index % 2 === 0 ? GZIP : {})),
		);
		const [first, second] = answers as [HttpAnswer, HttpAnswer];
		expect(first.headers["content-encoding"]).toBe("gzip");
		expect(second.headers["content-encoding"]).toBeUndefined();
		expect(first.headers["cache-control"]).toBe("max-age=12");
		expect(new Set(answers.map((answer) => `${answer.status} ${plain(answer).toString()}`)).size).toBe(1);
		expect(parseMediaPlaylist(plain(first).toString()).segments.length).toBeGreaterThan(3);
		if (kind === "varnish") expect(asked(/_HLS_part=0$/)).toBe(1);
		else expect(asked(/_HLS_part=0$/)).toBeGreaterThan(1);

		const sofar = origin.requests.length;
		const late = await get(path);
		expect([late.status, plain(late)]).toEqual([200, plain(first)]);
		expect(origin.count(/_HLS_/, sofar)).toBe(0);
		const metrics = await (await fetch(`${server.baseUrl}/metrics`)).text();
		expect(Number(/^rostrum_origin_edge_requests_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
	});

	test("lets one of many requests for the next playlist through", async () => {
		await eventually(
			async () => {
				const { msn, part } = newestPosition(await newest());
				const sofar = origin.requests.length;
				const path = `240p/index.m3u8?_HLS_msn=${msn}&_HLS_part=${part + 1}`;
				const answers = await Promise.all(Array.from({ length: CLIENTS }, () => get(path)));
				expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
				expect(answers[0]?.status).toBe(200);
				return origin.count(/_HLS_/, sofar) === 1;
			},
			DEADLINE_MS,
			() => "never was it one request",
		);
	});

	test("lets one of many requests for a part or a segment through, and changes no byte", async () => {
		const parts = (await newest()).segments.at(-1)?.parts ?? [];
		for (const path of [`240p/${parts[0]?.uri}`, await someSegment(2)]) {
			const answers = await Promise.all(Array.from({ length: CLIENTS }, () => get(path)));
			const { body, headers } = await direct(path);
			expect(body.length).toBeGreaterThan(100);
			for (const answer of answers) {
				expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
				for (const name of ["content-type", "cache-control", "access-control-allow-origin"])
					expect([name, answer.headers[name]]).toEqual([name, headers[name]]);
			}
			expect(asked(new RegExp(path))).toBe(1);
		}
	});

	test("holds a request for a part that is promised, and gives all of it", async () => {
		const path = `240p/${(await newest()).hints[0]?.["URI"]}`;
		const answers = await Promise.all([get(path), get(path), get(path)]);
		const { body } = await direct(path);
		for (const answer of answers) expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
	});

	test("answers HEAD and ranges from what it has", async () => {
		const path = await someSegment(3);
		const whole = await get(path);
		expect(asked(/segment/)).toBe(1);
		const head = await get(path, {}, "HEAD");
		expect([head.status, head.body.length, head.headers["content-length"]]).toEqual([200, 0, `${whole.body.length}`]);
		const ranges = { "bytes=10-19": [10, 20], "bytes=-5": [-5, undefined], "bytes=100-": [100, undefined] } as const;
		for (const [range, [from, to]] of Object.entries(ranges)) {
			const answer = await get(path, { range });
			expect([range, answer.status, answer.body]).toEqual([range, 206, whole.body.subarray(from, to)]);
			expect(answer.headers["content-range"]).toMatch(new RegExp(`^bytes \\d+-\\d+/${whole.body.length}$`));
		}
		expect((await get(path, { range: `bytes=${whole.body.length}-` })).status).toBe(416);
		expect(asked(/segment/)).toBe(1);
		const other = await someSegment(4);
		expect((await get(other, { range: "bytes=0-9" })).body).toEqual((await get(other)).body.subarray(0, 10));
		expect(asked(/segment/)).toBe(2);
	});

	test("asks the server what the path and the directives say, whatever else a client adds", async () => {
		const { msn } = newestPosition(await newest());
		const known = `_HLS_msn=${msn - 1}&_HLS_part=0`;
		const queries = ["", `?${known}`, `?_HLS_part=0&_HLS_msn=${msn - 1}`, `?a=1&${known}&b=2&&_HLS_other=3`];
		queries.push(...Array.from({ length: 10 }, (_, index) => `?${index}&${known}&nonce=${Math.random()}`));
		for (const query of queries) expect([query, (await get(`240p/index.m3u8${query}`)).status]).toEqual([query, 200]);
		// The answer to the same directives is kept for a second here: they are stale by then.
		expect(asked(/index\.m3u8\?/)).toBeLessThan(4);
		expect(asked(/index\.m3u8\?(?!_HLS_msn=\d+&_HLS_part=0$)/)).toBe(0);

		const segment = await someSegment(2);
		const sofar = origin.requests.length;
		for (let index = 0; index < 5; index++) {
			const headers = { host: `h${index}.example`, cookie: `a=${index}`, authorization: `Bearer ${index}` };
			expect((await get(`${segment}?${Math.random()}`, { ...headers, "accept-encoding": `x${index}` })).status).toBe(
				200,
			);
		}
		expect(origin.count(/segment/, sofar)).toBeLessThanOrEqual(1);
		expect(origin.count(/segment.*\?/, 0)).toBe(0);
	});

	test("refuses by itself what makes no sense", async () => {
		const senseless = ["_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=1.5", "_HLS_part=1", "_HLS_msn=1&_HLS_part=x"];
		senseless.push("_HLS_msn=1234567890123456", "_HLS_msn=%0a1");
		for (const query of senseless)
			expect([query, (await get(`240p/index.m3u8?${query}`)).status]).toEqual([query, 400]);
		const nowhere = [
			"240p/",
			"240p/a/b/segment.m4s",
			"240p/.hidden",
			"240p/a%00b",
			"240p/%2e%2e%2fhealthz",
			"~/240p/x",
		];
		for (const path of nowhere) expect([path, (await get(path)).status]).not.toEqual([path, 200]);
		for (const method of ["POST", "DELETE", "PROPFIND"]) {
			expect([method, (await get("index.m3u8", {}, method)).status]).toEqual([method, 405]);
		}
		const preflight = await get("240p/segment-1", { "access-control-request-method": "GET" }, "OPTIONS");
		expect(preflight.status).toBe(204);
		expect(preflight.headers["access-control-allow-methods"]).toContain("GET");
		expect(preflight.headers["access-control-allow-origin"]).toBe("*");
		expect(asked(/./)).toBe(0);
	});

	test("keeps a name that is unknown for a second, and no longer", async () => {
		const path = "240p/part-unknown.m4s";
		for (let i = 0; i < 3; i++) expect((await get(path)).status).toBe(404);
		expect(asked(/part-unknown/)).toBeLessThan(3);
		await eventually(
			async () => (await get(path)).status === 404 && asked(/part-unknown/) > 1,
			DEADLINE_MS,
			() => "it is not asked again",
		);
	});

	test("gives a private programme to whoever has the pass, from one copy for all, and to nobody else", async () => {
		const { id } = await server.api.createWebinar("For members", "private");
		await server.api.start(id);
		const { url } = await server.api.playbackAddress(id);
		const pass = new URL(url).pathname.split("/")[3] ?? "";
		const at = (path: string) => client.get(`${edge.baseUrl}/live/${id}/${path}`);
		const playlist = await eventually(
			async () => {
				const { status, body } = await at(`${pass}/240p/index.m3u8`);
				return status === 200 && parseMediaPlaylist(body.toString());
			},
			DEADLINE_MS,
			() => "no private programme",
		);
		const path = `240p/${playlist.segments.at(-1)?.parts[0]?.uri ?? playlist.segments.at(-1)?.uri}`;
		const sofar = origin.requests.length;
		const answers = await Promise.all(Array.from({ length: CLIENTS }, () => at(`${pass}/${path}`)));
		expect(answers[0]?.body.length).toBeGreaterThan(100);
		for (const { status, body } of answers)
			expect([status, body.equals(answers[0]?.body as Buffer)]).toEqual([200, true]);
		expect(origin.count(new RegExp(path), sofar)).toBe(1);
		for (const none of ["", "~1798761600.forged/", `${pass.slice(0, -1)}${pass.endsWith("A") ? "B" : "A"}/`])
			for (const what of [path, "index.m3u8"]) {
				const { status, body } = await at(`${none}${what}`);
				expect([none, status, body.includes("#EXTM3U")]).toEqual([none, 403, false]);
			}
		expect((await get(`${pass}/240p/index.m3u8`)).status).toBe(403);
		await server.api.end(id);
	});

	test("passes the rest of the server through: the API, and the WebSocket of its events", async () => {
		const api = new RostrumApi(edge.baseUrl, server.adminToken);
		const created = await api.createWebinar("Made through the edge");
		const { token } = await api.invite(created.id, "host", "Ada");
		const socket = new WebSocket(
			`${edge.baseUrl.replace("http", "ws")}/api/webinars/${created.id}/events?token=${token}`,
		);
		let heard = "";
		socket.onmessage = ({ data }) => {
			heard += data;
		};
		await eventually(
			() => heard.includes("Made through the edge"),
			DEADLINE_MS,
			() => `no events, but ${heard}`,
		);
		socket.close();
		for (let i = 0; i < 2; i++) expect((await client.get(`${edge.baseUrl}/healthz`)).status).toBe(200);
		expect(asked(/healthz/)).toBe(2);
	});

	test("is a correct server to a careful player", async () => {
		const url = `${edge.baseUrl}/live/${webinarId}/index.m3u8`;
		expect(await validateHls(url, { seconds: 8 })).toEqual([]);
	});

	test("survives a restart of the server: gives segments meanwhile, keeps no failure, and shows no past", async () => {
		const segment = await someSegment(2);
		const { body } = await get(segment);
		const path = await waitingReload();
		const waiting = Array.from({ length: 4 }, () => get(path));
		await eventually(
			() => asked(/_HLS_part=0$/) >= (kind === "varnish" ? 1 : 4),
			DEADLINE_MS,
			() => "they do not wait",
		);
		await server.close();
		for (const { status, headers } of await Promise.all(waiting))
			expect([status, headers["cache-control"]]).toEqual([503, "no-store"]);

		const kept = await get(segment);
		expect([kept.status, kept.body.equals(body)]).toEqual([200, true]);
		const outage = await eventually(
			async () => {
				const answer = await get("240p/index.m3u8");
				return answer.status !== 200 && answer;
			},
			DEADLINE_MS,
			() => "old playlists are given out",
		);
		expect([outage.status, outage.headers["access-control-allow-origin"]]).toEqual([503, "*"]);
		expect(outage.headers["content-type"]).toBe("application/problem+json");

		server = await startServer();
		origin.targetPort = portOf(server);
		const after = await eventually(
			async () => {
				const answer = await get("240p/index.m3u8");
				return answer.status === 200 && answer;
			},
			DEADLINE_MS,
			() => "the failure is remembered",
		);
		expect((await newest()).text).toContain(parseMediaPlaylist(after.body.toString()).segments.at(-1)?.parts[0]?.uri);
	});
});
