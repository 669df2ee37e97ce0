import { appendFile, cp, readdir, readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../test/support/deadline.ts";
import { ID, UploadBench } from "./upload-bench.test-support.ts";

let bench: UploadBench;

beforeEach(async () => {
	bench = await UploadBench.start();
});

afterEach(() => bench.close());

test("another life goes on where one ended, and is not fooled by being told again", async () => {
	await bench.storeSegments(1, 30);
	await eventually(
		() => bench.s3.puts.size >= 10,
		20_000,
		() => "nothing uploaded",
	);
	await bench.endLife();
	const [puts, keys] = [bench.s3.puts.size, [...bench.expected.keys()]];
	expect(puts).toBeLessThan(60);
	await bench.life();
	for (const key of keys) {
		bench.uploader.add(ID, key.slice(`site/live/${ID}/`.length), "video/mp4");
	}
	await bench.storeSegments(31, 32);
	await bench.untilUploaded();
	// What was under way at the end comes twice, and nothing else does.
	const twice = [...bench.s3.puts.values()].filter((count) => count > 1);
	expect(twice.length).toBeLessThanOrEqual(3);
	await bench.endLife();
	const requests = bench.s3.requests;
	await bench.life();
	await eventually(
		async () => (await readdir(join(bench.dataDir, "uploads"))).length === 2,
		5_000,
		() => "files left",
	);
	expect(bench.s3.requests).toBe(requests);
});

test("a life that was killed is followed by one that loses nothing", async () => {
	await bench.storeSegments(1, 30);
	await eventually(
		() => bench.s3.puts.size >= 20,
		20_000,
		() => "nothing uploaded",
	);
	// As the files were when nobody could tidy up any more.
	const [lists, left] = [join(bench.dataDir, "uploads"), join(bench.dataDir, "left")];
	await cp(lists, left, { recursive: true });
	await bench.endLife();
	await rm(lists, { recursive: true });
	await rename(left, lists);
	await bench.life();
	await bench.untilUploaded();
	expect(Math.max(...bench.s3.puts.values())).toBeLessThanOrEqual(2);
});

test("the lists of hundreds of webinars that are over are passed over", async () => {
	await bench.store("first", "720p/segment-x-1.m4s");
	await bench.store("first", "index.m3u8");
	await bench.untilUploaded();
	await bench.endLife();
	const list = (name: string) => join(bench.dataDir, "uploads", name);
	for (let webinar = 0; webinar < 300; webinar++) {
		await cp(list("first.queue"), list(`past${webinar}.queue`));
		await cp(list("first.done"), list(`past${webinar}.done`));
	}
	const requests = bench.s3.requests;
	await bench.life();
	await bench.store("next", "720p/segment-x-1.m4s");
	await bench.untilUploaded();
	expect(bench.s3.requests).toBe(requests + 1);
});

test("a list that was torn when the process was killed is taken up to its last whole line", async () => {
	bench.s3.condition = "down";
	await bench.storeSegments(1, 5);
	await bench.untilFailures(1);
	await bench.endLife();
	const queue = join(bench.dataDir, "uploads", `${ID}.queue`);
	const length = (await readFile(queue)).length;
	await truncate(queue, length - 7);
	await appendFile(join(bench.dataDir, "uploads", "nobody.queue"), "{ this is no list");
	bench.s3.condition = "well";
	await bench.life();
	bench.uploader.add(ID, "audio/segment-x-5.m4s", "video/mp4");
	await bench.untilUploaded();
});
