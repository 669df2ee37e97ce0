import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ID, media, problemCode, publication, TestOrigin } from "../../test/support/test-origin.ts";

let server: TestOrigin;

beforeEach(async () => {
	server = await TestOrigin.start();
});

afterEach(() => server.close());

describe("media", () => {
	beforeEach(() => server.stream.publish(publication(3, 1, { added: [media("segment-3", "0123", "456789")] })));

	it("is given whole, as something that never changes", async () => {
		const answer = await server.get(`${ID}/720p/segment-3`);
		expect(answer.body.toString()).toBe("0123456789");
		expect(answer.headers).toMatchObject({
			"content-type": "video/mp4",
			"content-length": "10",
			"cache-control": "max-age=86400, immutable",
			"accept-ranges": "bytes",
			"access-control-allow-origin": "*",
		});
		expect((await server.get(`${ID}/audio/segment-3`)).headers["content-type"]).toBe("audio/mp4");
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
		const answer = await server.get(`${ID}/720p/segment-3`, { range });
		expect([answer.status, answer.body.toString(), answer.headers["content-range"]]).toEqual([
			status,
			body,
			contentRange,
		]);
	});

	it("answers HEAD with the same headers and no body", async () => {
		const answer = await server.get(`${ID}/720p/segment-3`, {}, "HEAD");
		expect([answer.status, answer.body.length, answer.headers["content-length"]]).toEqual([200, 0, "10"]);
	});

	it("gives the hinted part, whole, when it is there", async () => {
		const waiting = server.get(`${ID}/720p/part-20`);
		await server.untilBlocked(1);
		server.stream.publish(publication(3, 2, { added: [media("part-20", "twenty")] }));
		expect((await waiting).body.toString()).toBe("twenty");
	});

	it("has no hinted part when the programme ends before it", async () => {
		const waiting = server.get(`${ID}/720p/part-20`);
		await server.untilBlocked(1);
		server.stream.publish(publication(4, 0, { ended: true }));
		const answer = await waiting;
		expect([answer.status, problemCode(answer)]).toEqual([404, "media-unknown"]);
	});

	it("is no more once it has expired", async () => {
		server.stream.publish(publication(3, 2, { expired: ["segment-3"] }));
		expect((await server.get(`${ID}/720p/segment-3`)).status).toBe(404);
	});

	it("is unknown under names that nobody promised", async () => {
		for (const path of [
			`${ID}/720p/part-21`,
			`${ID}/720p/..%2F..%2Fetc`,
			`${ID}/1080p/segment-3`,
			`${ID}/1080p/index.m3u8`,
			"none/720p/segment-3",
		]) {
			const answer = await server.get(path);
			expect([path, answer.status, problemCode(answer)]).toEqual([path, 404, "media-unknown"]);
			expect(answer.headers["cache-control"]).toBe("max-age=1");
			expect(answer.headers["access-control-allow-origin"]).toBe("*");
		}
	});
});

describe("playlists", () => {
	beforeEach(() => server.stream.publish(publication(3, 1)));

	it.each(["index.m3u8", "720p/index.m3u8", "audio/index.m3u8"])(
		"%s goes out compressed to those who take it",
		async (path) => {
			const plain = await server.get(`${ID}/${path}`);
			expect(plain.headers).toMatchObject({
				"content-type": "application/vnd.apple.mpegurl",
				"cache-control": "max-age=1",
				vary: "Accept-Encoding",
				"access-control-allow-origin": "*",
			});
			expect(plain.headers["access-control-expose-headers"]).toMatch(/\bAge\b.*\bDate\b/);
			expect(plain.headers["content-encoding"]).toBeUndefined();
			for (const accepted of ["gzip", "br, gzip;q=0.5", "GZIP"]) {
				const zipped = await server.get(`${ID}/${path}`, { "accept-encoding": accepted });
				expect(zipped.headers["content-encoding"]).toBe("gzip");
				expect(gunzipSync(zipped.body)).toEqual(plain.body);
			}
			for (const refused of ["br", "gzip;q=0", "gzip; q=0.00", "xgzip"]) {
				expect((await server.get(`${ID}/${path}`, { "accept-encoding": refused })).body).toEqual(plain.body);
			}
		},
	);

	it("may be read by pages of other origins, which may ask first", async () => {
		for (const path of ["index.m3u8", "720p/index.m3u8", "720p/segment-1"]) {
			const answer = await server.get(
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
		server.origin.forget(ID);
		expect((await server.get(`${ID}/index.m3u8`)).status).toBe(404);
	});

	it("are counted, with their bytes", async () => {
		await server.playlist();
		await server.playlist("?_HLS_msn=x");
		const text = await server.metrics.metrics();
		expect(text).toContain('rostrum_origin_answers_total{kind="playlist"} 1');
		expect(text).toContain('rostrum_origin_answers_total{kind="refused"} 1');
		expect(text).toContain(`rostrum_origin_bytes_total{kind="playlist"} ${"720p 3.1".length}`);
	});
});

describe("a private webinar", () => {
	const asked: [string, string | undefined][] = [];
	const target = "720p/segment-3";

	beforeEach(async () => {
		asked.length = 0;
		await server.close();
		const admits = (webinarId: string, pass: string | undefined) => {
			asked.push([webinarId, pass]);
			return pass === "open.Sesame_1-";
		};
		server = await TestOrigin.start({ admits });
		server.stream.publish(publication(3, 1, { added: [media("segment-3", "0123456789")] }));
	});

	it.each([{}, { connection: "close" }])("is open to a pass, and to nobody else (%o)", async (headers) => {
		const statuses: [string, number][] = [];
		for (const pass of ["~open.Sesame_1-/", "~open.Sesame_1/", ""]) {
			const answers = await Promise.all(
				["index.m3u8", "720p/index.m3u8", target].map((name) => server.get(`${ID}/${pass}${name}`, headers)),
			);
			statuses.push(...answers.map(({ status }): [string, number] => [pass, status]));
			for (const answer of answers.filter(({ status }) => status !== 200)) {
				expect(problemCode(answer)).toBe("forbidden");
				expect(answer.headers["cache-control"]).toBe("max-age=1");
			}
		}
		expect(statuses.map(([, status]) => status)).toEqual([200, 200, 200, 403, 403, 403, 403, 403, 403]);
		expect(asked).toContainEqual([ID, "open.Sesame_1-"]);
		expect(asked).toContainEqual([ID, undefined]);
	});

	it("takes a pass whose tilde was escaped", async () => {
		expect((await server.get(`${ID}/%7Eopen.Sesame_1-/${target}`)).status).toBe(200);
		expect((await server.get(`${ID}/%7eopen.Sesame_2-/${target}`)).status).toBe(403);
	});

	it("stays shut when its pass cannot be judged, and the others are served", async () => {
		await server.close();
		const admits = (_: string, pass: string | undefined) => {
			if (pass === "broken") throw new Error("no key");
			return true;
		};
		server = await TestOrigin.start({ admits });
		server.stream.publish(publication(3, 1));
		const answer = await server.get(`${ID}/~broken/index.m3u8`);
		expect([answer.status, problemCode(answer)]).toEqual([500, "internal"]);
		expect((await server.get(`${ID}/index.m3u8`)).status).toBe(200);
	});

	it("does not tell whether there is such a webinar", async () => {
		expect((await server.get("none/index.m3u8")).status).toBe(403);
		expect((await server.get("none/~open.Sesame_1-/index.m3u8")).status).toBe(404);
	});
});
