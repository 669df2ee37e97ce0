import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { eventually } from "../../test/support/deadline.ts";
import { type HttpAnswer, HttpClient } from "../../test/support/hls/http-client.ts";
import type { NamedMedia, Publication } from "../publication.ts";
import type { LiveStream } from "./live-stream.ts";
import { Origin } from "./origin.ts";

const ID = "abcdefghij12";
let nowMs: number;
let metrics: Registry;
let origin: Origin;
let stream: LiveStream;
let app: FastifyInstance;
let client: HttpClient;

beforeEach(async () => {
	nowMs = 1_000_000;
	metrics = new Registry();
	const log = createLog({ level: "silent", pretty: false });
	origin = new Origin({ log, clock: { now: () => nowMs }, metrics });
	stream = origin.open(ID);
	app = fastify();
	await app.register(origin.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
	client = new HttpClient();
});

afterEach(async () => {
	origin.close();
	client.close();
	await app.close();
});

const media = (name: string, ...chunks: string[]): NamedMedia => ({
	name,
	chunks: chunks.map((chunk) => Buffer.from(chunk)),
});

/** A publication with `openParts` parts of segment `lastMsn + 1`; its playlists say so. */
function publication(
	lastMsn: number,
	openParts: number,
	changes: { added?: NamedMedia[]; expired?: string[]; ended?: boolean } = {},
): Publication {
	const { added = [], expired = [], ended = false } = changes;
	const next = `part-${6 * lastMsn + openParts + 1}`;
	return {
		multivariant: `multivariant ${lastMsn}.${openParts}`,
		position: { lastMsn, lastMsnParts: lastMsn === 0 ? 0 : 6, openParts, partsPerSegment: 6, targetDuration: 2 },
		renditions: (["720p", "audio"] as const).map((name) => ({
			name,
			contentType: name === "audio" ? "audio/mp4" : "video/mp4",
			playlist: `${name} ${lastMsn}.${openParts}${ended ? " ended" : ""}`,
			hint: ended ? null : next,
			added,
			expired,
		})),
		ended,
	};
}

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<HttpAnswer> {
	return client.get(address(path), headers, method);
}

function address(path: string): string {
	return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live/${path}`;
}

function playlist(query = "", headers: Record<string, string> = {}): Promise<HttpAnswer> {
	return get(`${ID}/720p/index.m3u8${query}`, headers);
}

async function blocked(): Promise<number> {
	const [{ value = -1 } = {}] = (await metrics.getSingleMetric("rostrum_origin_blocked_requests")?.get())?.values ?? [];
	return value;
}

function untilBlocked(count: number): Promise<true> {
	return eventually(
		async () => (await blocked()) === count,
		20_000,
		() => `not ${count} requests blocked`,
	);
}

function code(answer: HttpAnswer): string {
	expect(answer.headers["content-type"]).toBe("application/problem+json");
	return (JSON.parse(answer.body.toString()) as { code: string }).code;
}

describe("blocking reload", () => {
	it("answers when the part is there, and everyone with the same bytes", async () => {
		stream.publish(publication(3, 2));
		const waiting = [
			playlist("?_HLS_msn=4&_HLS_part=2"),
			playlist("?_HLS_part=2&_HLS_msn=4"),
			playlist("?_HLS_msn=4&_HLS_part=3"),
		] as const;
		await untilBlocked(3);
		stream.publish(publication(3, 3));
		for (const answer of await Promise.all(waiting.slice(0, 2))) {
			expect(answer.status).toBe(200);
			expect(answer.body.toString()).toBe("720p 3.3");
			expect(answer.headers["cache-control"]).toBe("max-age=12");
		}
		expect(await blocked()).toBe(1);
		stream.publish(publication(4, 0));
		expect((await waiting[2]).body.toString()).toBe("720p 4.0");
	});

	it("answers at once for what is there, and takes a part past the end of a whole segment for the next one's first", async () => {
		stream.publish(publication(3, 0));
		for (const query of ["", "?_HLS_msn=3", "?_HLS_msn=3&_HLS_part=5", "?_HLS_msn=2&_HLS_part=99"]) {
			expect((await playlist(query)).body.toString()).toBe("720p 3.0");
		}
		const past = playlist("?_HLS_msn=3&_HLS_part=6");
		const next = playlist("?_HLS_msn=4&_HLS_part=0");
		await untilBlocked(2);
		stream.publish(publication(3, 1));
		expect((await past).body.toString()).toBe("720p 3.1");
		expect((await next).body.toString()).toBe("720p 3.1");
	});

	it("waits for a part past the end of the open segment until the next one begins", async () => {
		stream.publish(publication(3, 5));
		const past = playlist("?_HLS_msn=4&_HLS_part=6");
		await untilBlocked(1);
		stream.publish(publication(4, 0));
		await untilBlocked(1);
		stream.publish(publication(4, 1));
		expect((await past).body.toString()).toBe("720p 4.1");
	});

	it("waits for the whole segment when no part is named", async () => {
		stream.publish(publication(3, 1));
		const whole = playlist("?_HLS_msn=4");
		await untilBlocked(1);
		stream.publish(publication(3, 5));
		await untilBlocked(1);
		stream.publish(publication(4, 0));
		expect((await whole).body.toString()).toBe("720p 4.0");
	});

	it("lets hls.js ask for the last part of the next segment", async () => {
		stream.publish(publication(3, 0));
		const last = playlist("?_HLS_msn=5&_HLS_part=5");
		await untilBlocked(1);
		stream.publish(publication(5, 0));
		expect((await last).body.toString()).toBe("720p 5.0");
	});

	it("gives a client far behind the newest playlist, which caches may not keep for it", async () => {
		stream.publish(publication(30, 1));
		const answer = await playlist("?_HLS_msn=2&_HLS_part=1");
		expect(answer.body.toString()).toBe("720p 30.1");
		expect(answer.headers["cache-control"]).toBe("max-age=1");
		expect((await playlist("?_HLS_msn=31&_HLS_part=0")).headers["cache-control"]).toBe("max-age=12");
	});

	it("refuses directives that make no sense, and ignores those it does not know", async () => {
		stream.publish(publication(3, 2));
		const wrong = [
			"_HLS_part=1",
			"_HLS_msn=x",
			"_HLS_msn=-1",
			"_HLS_msn=1.5",
			"_HLS_msn=",
			"_HLS_msn=4&_HLS_msn=4",
			"_HLS_msn=4&_HLS_part=one",
		];
		const ahead = ["_HLS_msn=6", "_HLS_msn=5&_HLS_part=6", "_HLS_msn=4&_HLS_part=500", "_HLS_msn=999999999999999"];
		for (const query of [...wrong, ...ahead]) {
			const answer = await playlist(`?${query}`);
			expect([query, answer.status, code(answer)]).toEqual([query, 400, "bad-request"]);
			expect(answer.headers["cache-control"]).toBe("max-age=1");
		}
		expect((await playlist("?_HLS_future=1&token=x")).body.toString()).toBe("720p 3.2");
	});

	it("gives up after three target durations", async () => {
		stream.publish(publication(3, 2));
		const waiting = playlist("?_HLS_msn=4&_HLS_part=2");
		await untilBlocked(1);
		nowMs += 5_999;
		const later = playlist("?_HLS_msn=4&_HLS_part=3");
		await untilBlocked(2);
		nowMs += 1;
		const answer = await waiting;
		expect([answer.status, code(answer), answer.headers["cache-control"]]).toEqual([503, "unavailable", "no-store"]);
		expect(await blocked()).toBe(1);
		stream.publish(publication(3, 4));
		expect((await later).status).toBe(200);
	});

	it("releases everyone at the end, and ignores directives from then on", async () => {
		stream.publish(publication(3, 2));
		const waiting = [playlist("?_HLS_msn=4&_HLS_part=3"), get(`${ID}/audio/index.m3u8?_HLS_msn=5`)];
		await untilBlocked(2);
		stream.publish(publication(4, 0, { ended: true }));
		expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual([
			"720p 4.0 ended",
			"audio 4.0 ended",
		]);
		stream.close();
		for (const query of ["?_HLS_msn=5&_HLS_part=0", "?_HLS_msn=900", "?_HLS_part=x"]) {
			expect((await playlist(query)).body.toString()).toBe("720p 4.0 ended");
		}
	});

	it("forgets a request whose client has gone", async () => {
		stream.publish(publication(3, 2));
		const gone = request(address(`${ID}/720p/index.m3u8?_HLS_msn=4&_HLS_part=2`));
		gone.on("error", () => {});
		gone.end();
		await untilBlocked(1);
		gone.destroy();
		await untilBlocked(0);
	});

	it("answers everyone with 503 when the server ends", async () => {
		stream.publish(publication(3, 2));
		const other = origin.open("zyxwvutsrq98");
		const waiting = [playlist("?_HLS_msn=4&_HLS_part=2"), get(`${ID}/720p/part-21`), get("zyxwvutsrq98/index.m3u8")];
		await untilBlocked(3);
		origin.close();
		expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503, 503]);
		expect(other.closed).toBe(true);
		expect((await playlist("?_HLS_msn=4&_HLS_part=2")).status).toBe(503);
		expect((await playlist()).status).toBe(200);
	});
});

describe("at the beginning", () => {
	it("holds every request until there is a part, and the first one until there is a whole segment", async () => {
		const waiting = [playlist("?_HLS_msn=1&_HLS_part=0"), get(`${ID}/720p/part-1`)];
		const first = get(`${ID}/index.m3u8`);
		await untilBlocked(3);
		stream.publish(publication(0, 1, { added: [media("part-1", "first")] }));
		expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual(["720p 0.1", "first"]);
		expect(await blocked()).toBe(1);
		stream.publish(publication(1, 0));
		expect((await first).body.toString()).toBe("multivariant 1.0");
	});

	it("gives up after 10 s", async () => {
		const waiting = get(`${ID}/index.m3u8`);
		await untilBlocked(1);
		nowMs += 10_000;
		expect((await waiting).status).toBe(503);
	});

	it("has nothing when the programme ended without one", async () => {
		stream.close();
		const answer = await get(`${ID}/index.m3u8`);
		expect([answer.status, code(answer)]).toEqual([404, "media-unknown"]);
	});
});

describe("media", () => {
	beforeEach(() => stream.publish(publication(3, 1, { added: [media("segment-3", "0123", "456789")] })));

	it("is given whole, as something that never changes", async () => {
		const answer = await get(`${ID}/720p/segment-3`);
		expect(answer.body.toString()).toBe("0123456789");
		expect(answer.headers).toMatchObject({
			"content-type": "video/mp4",
			"content-length": "10",
			"cache-control": "max-age=86400, immutable",
			"accept-ranges": "bytes",
			"access-control-allow-origin": "*",
		});
		expect((await get(`${ID}/audio/segment-3`)).headers["content-type"]).toBe("audio/mp4");
	});

	it.each([
		["bytes=2-5", 206, "2345", "bytes 2-5/10"],
		["bytes=7-", 206, "789", "bytes 7-9/10"],
		["bytes=-2", 206, "89", "bytes 8-9/10"],
		["bytes=-200", 206, "0123456789", "bytes 0-9/10"],
		["bytes=5-500", 206, "56789", "bytes 5-9/10"],
		["bytes=10-", 416, "", "bytes */10"],
		["bytes=-0", 416, "", "bytes */10"],
		["bytes=5-2", 200, "0123456789", undefined],
		["bytes=0-1,4-5", 200, "0123456789", undefined],
		["bytes=-", 200, "0123456789", undefined],
		["lines=1-2", 200, "0123456789", undefined],
	])("answers the range %s with %i", async (range, status, body, contentRange) => {
		const answer = await get(`${ID}/720p/segment-3`, { range });
		expect([answer.status, answer.body.toString(), answer.headers["content-range"]]).toEqual([
			status,
			body,
			contentRange,
		]);
	});

	it("answers HEAD with the same headers and no body", async () => {
		const answer = await get(`${ID}/720p/segment-3`, {}, "HEAD");
		expect([answer.status, answer.body.length, answer.headers["content-length"]]).toEqual([200, 0, "10"]);
	});

	it("gives the hinted part, whole, when it is there", async () => {
		const waiting = get(`${ID}/720p/part-20`);
		await untilBlocked(1);
		stream.publish(publication(3, 2, { added: [media("part-20", "twenty")] }));
		expect((await waiting).body.toString()).toBe("twenty");
	});

	it("has no hinted part when the programme ends before it", async () => {
		const waiting = get(`${ID}/720p/part-20`);
		await untilBlocked(1);
		stream.publish(publication(4, 0, { ended: true }));
		const answer = await waiting;
		expect([answer.status, code(answer)]).toEqual([404, "media-unknown"]);
	});

	it("is no more once it has expired", async () => {
		stream.publish(publication(3, 2, { expired: ["segment-3"] }));
		expect((await get(`${ID}/720p/segment-3`)).status).toBe(404);
	});

	it("is unknown under names that nobody promised", async () => {
		for (const path of [
			`${ID}/720p/part-21`,
			`${ID}/720p/..%2F..%2Fetc`,
			`${ID}/1080p/segment-3`,
			`${ID}/1080p/index.m3u8`,
			"none/720p/segment-3",
		]) {
			const answer = await get(path);
			expect([path, answer.status, code(answer)]).toEqual([path, 404, "media-unknown"]);
			expect(answer.headers["cache-control"]).toBe("max-age=1");
			expect(answer.headers["access-control-allow-origin"]).toBe("*");
		}
	});
});

describe("playlists", () => {
	beforeEach(() => stream.publish(publication(3, 1)));

	it.each(["index.m3u8", "720p/index.m3u8", "audio/index.m3u8"])(
		"%s goes out compressed to those who take it",
		async (path) => {
			const plain = await get(`${ID}/${path}`);
			expect(plain.headers).toMatchObject({
				"content-type": "application/vnd.apple.mpegurl",
				"cache-control": "max-age=1",
				vary: "Accept-Encoding",
				"access-control-allow-origin": "*",
			});
			expect(plain.headers["access-control-expose-headers"]).toMatch(/\bAge\b.*\bDate\b/);
			expect(plain.headers["content-encoding"]).toBeUndefined();
			for (const accepted of ["gzip", "br, gzip;q=0.5", "GZIP"]) {
				const zipped = await get(`${ID}/${path}`, { "accept-encoding": accepted });
				expect(zipped.headers["content-encoding"]).toBe("gzip");
				expect(gunzipSync(zipped.body)).toEqual(plain.body);
			}
			for (const refused of ["br", "gzip;q=0", "gzip; q=0.00", "xgzip"]) {
				expect((await get(`${ID}/${path}`, { "accept-encoding": refused })).body).toEqual(plain.body);
			}
		},
	);

	it("may be read by pages of other origins, which may ask first", async () => {
		for (const path of ["index.m3u8", "720p/index.m3u8", "720p/segment-1"]) {
			const answer = await get(
				`${ID}/${path}`,
				{ origin: "https://elsewhere.example", "access-control-request-method": "GET" },
				"OPTIONS",
			);
			expect(answer.status).toBe(204);
			expect(answer.headers["access-control-allow-origin"]).toBe("*");
			expect(answer.headers["access-control-allow-methods"]).toContain("GET");
		}
	});

	it("are unknown once the programme is forgotten", async () => {
		origin.forget(ID);
		expect((await get(`${ID}/index.m3u8`)).status).toBe(404);
	});

	it("are counted, with their bytes", async () => {
		await playlist();
		await playlist("?_HLS_msn=x");
		const text = await metrics.metrics();
		expect(text).toContain('rostrum_origin_answers_total{kind="playlist"} 1');
		expect(text).toContain('rostrum_origin_answers_total{kind="refused"} 1');
		expect(text).toContain(`rostrum_origin_bytes_total{kind="playlist"} ${"720p 3.1".length}`);
	});
});
