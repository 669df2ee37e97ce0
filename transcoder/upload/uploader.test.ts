import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../test/support/deadline.ts";
import { ID, UploadBench } from "./upload-bench.test-support.ts";

let bench: UploadBench;

beforeEach(async () => {
	bench = await UploadBench.start();
});

afterEach(() => bench.close());

test("each file is put once, as the origin names and types it, and stays in caches", async () => {
	await bench.store(ID, "720p/init-x-1.mp4");
	await bench.storeSegments(1, 10);
	await bench.store(ID, "720p/index.m3u8");
	await bench.store(ID, "index.m3u8");
	await bench.untilUploaded();
	expect([...bench.s3.puts.values()]).toEqual([...bench.expected].map(() => 1));
	const { headers } = await bench.s3.object(`site/live/${ID}/720p/segment-x-3.m4s`);
	expect(headers.get("content-type")).toBe("video/mp4");
	expect(headers.get("cache-control")).toBe("max-age=31536000, immutable");
	const playlist = await bench.s3.object(`site/live/${ID}/index.m3u8`);
	expect(playlist.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
	expect(playlist.headers.get("cache-control")).toBe("max-age=3600");
	expect(await bench.figure("files_total")).toBe(23);
	expect(await bench.figure("bytes_total")).toBe(23 * 20_000);
	expect(bench.s3.mostAtOnce).toBeGreaterThan(1);
	expect(bench.s3.mostAtOnce).toBeLessThanOrEqual(3);
});

test("playlists come when all that they list is there", async () => {
	bench.s3.condition = "slow-down";
	await bench.storeSegments(1, 5, 200_000);
	await bench.store(ID, "720p/index.m3u8");
	await bench.store(ID, "audio/index.m3u8");
	await bench.store(ID, "index.m3u8");
	await bench.untilFailures(6);
	bench.s3.condition = "well";
	await bench.untilUploaded();
	const order = [...bench.s3.puts.keys()];
	expect(order.slice(-3)).toEqual(["720p/", "audio/", ""].map((dir) => `site/live/${ID}/${dir}index.m3u8`));
});

test("several webinars take turns", async () => {
	bench.s3.condition = "down";
	for (const id of ["first", "second", "third"]) {
		for (let msn = 1; msn <= 30; msn++) await bench.store(id, `720p/segment-x-${msn}.m4s`, 1_000);
	}
	await bench.untilFailures(1);
	bench.s3.condition = "well";
	await bench.untilUploaded();
	const webinars = [...bench.s3.puts.keys()].slice(0, 30).map((key) => key.split("/")[2]);
	for (const id of ["first", "second", "third"]) {
		expect(webinars.filter((webinar) => webinar === id).length).toBeGreaterThan(6);
	}
});

test("a deleted webinar's objects go, over an outage and a restart, and others stay", async () => {
	await bench.store("other", "720p/segment-x-1.m4s");
	await bench.storeSegments(1, 20);
	await bench.untilUploaded();
	bench.s3.condition = "down";
	await bench.storeSegments(21, 22);
	await eventually(
		async () => (await bench.figure("pending_files")) === 4,
		10_000,
		() => "not noted",
	);
	bench.uploader.remove(ID);
	bench.uploader.remove("nobody");
	await rm(join(bench.dataDir, "live", ID), { recursive: true });
	await bench.untilFailures(4);
	await bench.endLife();
	expect(await bench.s3.keys()).toHaveLength(41);
	bench.s3.condition = "well";
	await bench.life();
	bench.expected = new Map([...bench.expected].filter(([key]) => key.includes("/other/")));
	await bench.untilUploaded();
	expect(await bench.figure("lost_files_total")).toBe(0);
	const left = async () => (await readdir(join(bench.dataDir, "uploads"))).sort();
	await eventually(
		async () => (await left()).join() === "other.done,other.queue",
		10_000,
		() => "not finished",
	);
});

test("what is private lies where no address of the origin leads, from the time it is, and is deleted too", async () => {
	await bench.storeSegments(1, 2);
	bench.secret = ID;
	await bench.storeSegments(3, 4);
	await bench.untilUploaded();
	const isPrivate = (key: string) => key.startsWith("site/private/");
	expect((await bench.s3.keys()).filter(isPrivate)).toHaveLength(4);
	bench.uploader.remove(ID);
	await eventually(
		async () => (await bench.s3.keys()).length === 0,
		20_000,
		() => "objects are left",
	);
});

test("a file that is gone before it was uploaded is counted, and holds up nothing", async () => {
	bench.uploader.add(ID, "720p/segment-x-1.m4s", "video/mp4");
	await bench.storeSegments(2, 4);
	await bench.untilUploaded();
	expect(await bench.figure("lost_files_total")).toBe(1);
	expect(bench.logCount("gone before")).toBe(1);
});

/** Bytes, after a collection. */
function heapUsed(): number {
	setFlagsFromString("--expose-gc");
	runInNewContext("gc")();
	return process.memoryUsage().heapUsed;
}

test("memory holds a few files however many wait", async () => {
	bench.s3.condition = "down";
	// More than are tried; the others need not exist.
	for (let index = 0; index < 1000; index++) await bench.store(ID, `720p/segment-x-${index}.m4s`, 100);
	await bench.untilFailures(1);
	await bench.endLife();
	const queue = join(bench.dataDir, "uploads", `${ID}.queue`);
	const [line = ""] = (await readFile(queue, "utf8")).split("\n");
	const entry = JSON.parse(line);
	const count = 200_000;
	const paths = Array.from({ length: count }, (_, index) => `720p/segment-x-${index}.m4s`);
	await writeFile(queue, paths.map((path) => `${JSON.stringify({ ...entry, path })}\n`).join(""));
	paths.length = 0;
	const before = heapUsed();
	await bench.life();
	await bench.untilFailures(4);
	expect(await bench.figure("pending_files")).toBe(count);
	expect(heapUsed() - before).toBeLessThan(3e6);
});
