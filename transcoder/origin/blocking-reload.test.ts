import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ID, media, problemCode, publication, TestOrigin } from "../../test/support/test-origin.ts";

let server: TestOrigin;

beforeEach(async () => {
	server = await TestOrigin.start();
});

afterEach(() => server.close());

describe("blocking reload", () => {
	it("answers when the part is there, and everyone with the same bytes", async () => {
		server.stream.publish(publication(3, 2));
		const waiting = [
			server.playlist("?_HLS_msn=4&_HLS_part=2"),
			server.playlist("?_HLS_part=2&_HLS_msn=4"),
			server.playlist("?_HLS_msn=4&_HLS_part=3"),
		] as const;
		await server.untilBlocked(3);
		server.stream.publish(publication(3, 3));
		for (const answer of await Promise.all(waiting.slice(0, 2))) {
			expect(answer.status).toBe(200);
			expect(answer.body.toString()).toBe("720p 3.3");
			expect(answer.headers["cache-control"]).toBe("max-age=12");
		}
		expect(await server.blocked()).toBe(1);
		server.stream.publish(publication(4, 0));
		expect((await waiting[2]).body.toString()).toBe("720p 4.0");
	});

	it("answers at once for what is there, and takes a part past the end of a whole segment for the next one's first", async () => {
		server.stream.publish(publication(3, 0));
		for (const query of ["", "?_HLS_msn=3", "?_HLS_msn=3&_HLS_part=5", "?_HLS_msn=2&_HLS_part=99"]) {
			expect((await server.playlist(query)).body.toString()).toBe("720p 3.0");
		}
		const past = server.playlist("?_HLS_msn=3&_HLS_part=6");
		const next = server.playlist("?_HLS_msn=4&_HLS_part=0");
		await server.untilBlocked(2);
		server.stream.publish(publication(3, 1));
		expect((await past).body.toString()).toBe("720p 3.1");
		expect((await next).body.toString()).toBe("720p 3.1");
	});

	it("waits for a part past the end of the open segment until the next one begins", async () => {
		server.stream.publish(publication(3, 5));
		const past = server.playlist("?_HLS_msn=4&_HLS_part=6");
		await server.untilBlocked(1);
		server.stream.publish(publication(4, 0));
		await server.untilBlocked(1);
		server.stream.publish(publication(4, 1));
		expect((await past).body.toString()).toBe("720p 4.1");
	});

	it("waits for the whole segment when no part is named", async () => {
		server.stream.publish(publication(3, 1));
		const whole = server.playlist("?_HLS_msn=4");
		await server.untilBlocked(1);
		server.stream.publish(publication(3, 5));
		await server.untilBlocked(1);
		server.stream.publish(publication(4, 0));
		expect((await whole).body.toString()).toBe("720p 4.0");
	});

	it("lets hls.js ask for the last part of the next segment", async () => {
		server.stream.publish(publication(3, 0));
		const last = server.playlist("?_HLS_msn=5&_HLS_part=5");
		await server.untilBlocked(1);
		server.stream.publish(publication(5, 0));
		expect((await last).body.toString()).toBe("720p 5.0");
	});

	it("gives a client far behind the newest playlist, which caches may not keep for it", async () => {
		server.stream.publish(publication(30, 1));
		const answer = await server.playlist("?_HLS_msn=2&_HLS_part=1");
		expect(answer.body.toString()).toBe("720p 30.1");
		expect(answer.headers["cache-control"]).toBe("max-age=1");
		expect((await server.playlist("?_HLS_msn=31&_HLS_part=0")).headers["cache-control"]).toBe("max-age=12");
	});

	it("refuses directives that make no sense, and ignores those it does not know", async () => {
		server.stream.publish(publication(3, 2));
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
			const answer = await server.playlist(`?${query}`);
			expect([query, answer.status, problemCode(answer)]).toEqual([query, 400, "bad-request"]);
			expect(answer.headers["cache-control"]).toBe("max-age=1");
		}
		expect((await server.playlist("?_HLS_future=1&token=x")).body.toString()).toBe("720p 3.2");
	});

	it("gives up after three target durations", async () => {
		server.stream.publish(publication(3, 2));
		const waiting = server.playlist("?_HLS_msn=4&_HLS_part=2");
		await server.untilBlocked(1);
		server.nowMs += 5_999;
		const later = server.playlist("?_HLS_msn=4&_HLS_part=3");
		await server.untilBlocked(2);
		server.nowMs += 1;
		const answer = await waiting;
		expect([answer.status, problemCode(answer), answer.headers["cache-control"]]).toEqual([
			503,
			"unavailable",
			"no-store",
		]);
		expect(await server.blocked()).toBe(1);
		server.stream.publish(publication(3, 4));
		expect((await later).status).toBe(200);
	});

	it("releases everyone at the end, and ignores directives from then on", async () => {
		server.stream.publish(publication(3, 2));
		const waiting = [server.playlist("?_HLS_msn=4&_HLS_part=3"), server.get(`${ID}/audio/index.m3u8?_HLS_msn=5`)];
		await server.untilBlocked(2);
		server.stream.publish(publication(4, 0, { ended: true }));
		expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual([
			"720p 4.0 ended",
			"audio 4.0 ended",
		]);
		server.stream.close();
		for (const query of ["?_HLS_msn=5&_HLS_part=0", "?_HLS_msn=900", "?_HLS_part=x"]) {
			expect((await server.playlist(query)).body.toString()).toBe("720p 4.0 ended");
		}
	});

	it("forgets a request whose client has gone", async () => {
		server.stream.publish(publication(3, 2));
		const gone = request(server.address(`${ID}/720p/index.m3u8?_HLS_msn=4&_HLS_part=2`));
		gone.on("error", () => {});
		gone.end();
		await server.untilBlocked(1);
		gone.destroy();
		await server.untilBlocked(0);
	});

	it("answers everyone with 503 when the server ends", async () => {
		server.stream.publish(publication(3, 2));
		const other = server.origin.open("zyxwvutsrq98");
		const waiting = [
			server.playlist("?_HLS_msn=4&_HLS_part=2"),
			server.get(`${ID}/720p/part-21`),
			server.get("zyxwvutsrq98/index.m3u8"),
		];
		await server.untilBlocked(3);
		server.origin.close();
		expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503, 503]);
		expect(other.closed).toBe(true);
		expect((await server.playlist("?_HLS_msn=4&_HLS_part=2")).status).toBe(503);
		expect((await server.playlist()).status).toBe(200);
	});
});

describe("a playlist without what is known already", () => {
	it("is given to those who can do with it, at once or when the part is there", async () => {
		server.stream.publish(publication(3, 2, { delta: "skipped 3.2" }));
		for (const skip of ["YES", "v2"]) {
			expect((await server.playlist(`?_HLS_skip=${skip}`)).body.toString()).toBe("skipped 3.2");
			const answer = await server.playlist(`?_HLS_msn=4&_HLS_part=1&_HLS_skip=${skip}`);
			expect([answer.body.toString(), answer.headers["cache-control"]]).toEqual(["skipped 3.2", "max-age=12"]);
		}
		const waiting = ["&_HLS_skip=YES", "", "&_HLS_skip=v2"].map((skip) =>
			server.playlist(`?_HLS_msn=4&_HLS_part=2${skip}`),
		);
		await server.untilBlocked(3);
		server.stream.publish(publication(3, 3, { delta: "skipped 3.3" }));
		expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual([
			"skipped 3.3",
			"720p 3.3",
			"skipped 3.3",
		]);
	});

	it("is whole where there is none, for those who ask in an unknown way, and at the end", async () => {
		server.stream.publish(publication(3, 2));
		expect((await server.playlist("?_HLS_skip=YES")).body.toString()).toBe("720p 3.2");
		server.stream.publish(publication(3, 3, { delta: "skipped 3.3" }));
		for (const query of ["_HLS_skip=NO", "_HLS_skip=v3", "_HLS_skip=", "_HLS_skip", "_HLS_skip=YES&_HLS_skip=v2"]) {
			expect((await server.playlist(`?${query}`)).body.toString()).toBe("720p 3.3");
		}
		server.stream.publish(publication(4, 0, { delta: "skipped 4.0", ended: true }));
		expect((await server.playlist("?_HLS_skip=YES")).body.toString()).toBe("720p 4.0 ended");
	});

	it("is compressed as the whole one is", async () => {
		server.stream.publish(publication(3, 2, { delta: "skipped 3.2" }));
		const answer = await server.get(`${ID}/720p/index.m3u8?_HLS_skip=YES`, { "accept-encoding": "gzip" });
		expect(gunzipSync(answer.body).toString()).toBe("skipped 3.2");
	});
});

describe("at the beginning", () => {
	it("holds every request until there is a part, and the first one until there is a whole segment", async () => {
		const waiting = [server.playlist("?_HLS_msn=1&_HLS_part=0"), server.get(`${ID}/720p/part-1`)];
		const first = server.get(`${ID}/index.m3u8`);
		await server.untilBlocked(3);
		server.stream.publish(publication(0, 1, { added: [media("part-1", "first")] }));
		expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual(["720p 0.1", "first"]);
		expect(await server.blocked()).toBe(1);
		server.stream.publish(publication(1, 0));
		expect((await first).body.toString()).toBe("multivariant 1.0");
	});

	it("gives up after 10 s", async () => {
		const waiting = server.get(`${ID}/index.m3u8`);
		await server.untilBlocked(1);
		server.nowMs += 10_000;
		expect((await waiting).status).toBe(503);
	});

	it("has nothing when the programme ended without one", async () => {
		server.stream.close();
		const answer = await server.get(`${ID}/index.m3u8`);
		expect([answer.status, problemCode(answer)]).toEqual([404, "media-unknown"]);
	});
});
