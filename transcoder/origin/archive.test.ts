import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ID, media, problemCode, publication, TestOrigin } from "../../test/support/test-origin.ts";
import type { MediaArchive } from "../publication.ts";

let directory: string;
let server: TestOrigin;
/** What was looked for. */
let looked: string[] = [];

/** Longer than is read at once, and no two pieces of it are the same. */
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) >> 7));

const archive: MediaArchive = {
	find(rendition, name) {
		looked.push(`${rendition}/${name}`);
		const known = ["segment-1", "segment-gone", "segment-short"].includes(name);
		return known ? { path: join(directory, name), length: bytes.length, contentType: "video/mp4" } : undefined;
	},
};

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "origin-archive-"));
	await writeFile(join(directory, "segment-1"), bytes);
	await writeFile(join(directory, "segment-short"), bytes.subarray(0, 100_000));
});

afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
	looked = [];
	server = await TestOrigin.start({ archive });
	server.stream.publish(publication(3, 1, { added: [media("segment-3", "0123", "456789")] }));
});

afterEach(() => server.close());

/** By the ordinary server, when asked to. */
const ways = [
	["in the fast lane", {}],
	["by the ordinary server", { connection: "close" }],
] as const;

describe.each(ways)("media that is only on disk, %s", (_way, headers: Record<string, string>) => {
	const get = (path: string, more: Record<string, string> = {}, method = "GET") =>
		server.get(`${ID}/720p/${path}`, { ...headers, ...more }, method);

	it("is given whole, time and again", async () => {
		for (let i = 0; i < 3; i++) {
			const answer = await get("segment-1");
			expect(answer.status).toBe(200);
			expect(answer.headers).toMatchObject({
				"content-type": "video/mp4",
				"content-length": "300000",
				"cache-control": "max-age=86400, immutable",
				"accept-ranges": "bytes",
				"access-control-allow-origin": "*",
			});
			expect(answer.body.equals(bytes)).toBe(true);
		}
	});

	it("is given in ranges", async () => {
		const answer = await get("segment-1", { range: "bytes=65530-199999" });
		expect([answer.status, answer.headers["content-range"]]).toEqual([206, "bytes 65530-199999/300000"]);
		expect(answer.body.equals(bytes.subarray(65_530, 200_000))).toBe(true);
		expect((await get("segment-1", { range: "bytes=300000-" })).status).toBe(416);
	});

	it("is told of by HEAD", async () => {
		const answer = await get("segment-1", {}, "HEAD");
		expect([answer.status, answer.headers["content-length"], answer.body.length]).toEqual([200, "300000", 0]);
	});

	it("is unknown when it has gone, and broken off when it is shorter than it was", async () => {
		const answer = await get("segment-gone");
		expect([answer.status, problemCode(answer)]).toEqual([404, "media-unknown"]);
		await expect(get("segment-short")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
		expect((await get("segment-1")).status).toBe(200);
	});

	it("is looked for only when it is neither in memory nor to come, by names that lead nowhere else", async () => {
		const waiting = get("part-20");
		await server.untilBlocked(1);
		expect((await get("segment-3")).body.toString()).toBe("0123456789");
		const strange = [
			"..%2F..%2Fetc%2Fpasswd",
			"%2e%2e",
			"..",
			".hidden",
			"a%00b",
			"a%5c..%5cb",
			"%252e%252e%252fetc",
			"segment-1%2F..%2Fsegment-1",
			"a".repeat(300),
		];
		for (const name of strange) expect([name, (await get(name)).status]).toEqual([name, 404]);
		expect((await get("%zz")).status).toBe(400);
		expect(looked).toEqual([]);
		expect((await get("segment-2")).status).toBe(404);
		expect(looked).toEqual(["720p/segment-2"]);
		server.stream.publish(publication(3, 2, { added: [media("part-20", "twenty")] }));
		expect((await waiting).body.toString()).toBe("twenty");
	});
});

it("is there before the first part, and after the programme has ended", async () => {
	const other = server.origin.open("zyxwvutsrq98", archive);
	expect((await server.get("zyxwvutsrq98/720p/segment-1")).status).toBe(200);
	other.publish(publication(4, 0, { ended: true }));
	other.close();
	expect((await server.get("zyxwvutsrq98/720p/segment-1")).status).toBe(200);
	expect((await server.get("zyxwvutsrq98/720p/segment-2")).status).toBe(404);
});
