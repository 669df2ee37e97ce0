import { randomBytes } from "node:crypto";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../core/runtime/clock.ts";
import { createLog } from "../../core/runtime/log.ts";
import { eventually } from "../../test/support/deadline.ts";
import { type S3Condition, S3Server } from "../../test/support/s3-server.ts";
import { createUploader } from "./uploader.ts";

const ID = "abcdefghij12";

let s3: S3Server;
let dataDir: string;
let uploader: Awaited<ReturnType<typeof createUploader>>;
let metrics: Registry;
let logged: Record<string, unknown>[];
let secret: string | undefined;
/** What must be in the bucket, by key. */
let expected: Map<string, Buffer>;

async function life(changes: { secretAccessKey?: string } = {}): Promise<void> {
	metrics = new Registry();
	logged = [];
	const stream = new Writable({
		write(line, _encoding, done) {
			logged.push(JSON.parse(String(line)));
			done();
		},
	});
	uploader = await createUploader(
		{
			...s3.options,
			...changes,
			prefix: "site/",
			dataDir,
			pace: { firstRetryMs: 20, longestRetryMs: 300, stalledAfterMs: 500 },
		},
		{
			log: createLog({ level: "info", pretty: false, stream }),
			clock: systemClock,
			metrics,
			isPrivate: (webinarId) => webinarId === secret,
		},
	);
}

async function store(webinarId: string, path: string, bytes = 20_000): Promise<void> {
	const file = join(dataDir, "live", webinarId, path);
	const body = randomBytes(bytes);
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, body);
	expected.set(`site/${webinarId === secret ? "private" : "live"}/${webinarId}/${path}`, body);
	uploader.add(webinarId, path, path.endsWith(".m3u8") ? "application/vnd.apple.mpegurl" : "video/mp4");
}

async function storeSegments(from: number, to: number, bytes?: number): Promise<void> {
	for (let msn = from; msn <= to; msn++) {
		for (const rendition of ["720p", "audio"]) await store(ID, `${rendition}/segment-x-${msn}.m4s`, bytes);
	}
}

/** Every file is in the bucket, byte for byte, and nothing else is. */
async function untilUploaded(): Promise<void> {
	await eventually(
		async () => (await figure("pending_files")) === 0 && (await s3.keys()).length === expected.size,
		25_000,
		() => `not all uploaded: ${s3.puts.size} of ${expected.size}`,
	);
	expect(await s3.keys()).toEqual([...expected.keys()].sort());
	for (const [key, body] of expected) expect((await s3.object(key)).body.equals(body), key).toBe(true);
}

async function figure(name: string, labels: Record<string, string> = {}): Promise<number> {
	const read = await metrics.getSingleMetric(`rostrum_upload_${name}`)?.get();
	const fits = (found: object) => Object.entries(labels).every(([key, value]) => Reflect.get(found, key) === value);
	return read?.values.find((value) => fits(value.labels))?.value ?? 0;
}

const logCount = (text: string) => logged.filter(({ msg }) => String(msg).includes(text)).length;

beforeEach(async () => {
	s3 = await S3Server.start();
	dataDir = await mkdtemp(join(tmpdir(), "rostrum-uploads-"));
	expected = new Map();
	secret = undefined;
	await life();
});

afterEach(async () => {
	await uploader.close();
	await s3.close();
	await rm(dataDir, { recursive: true });
});

test("each file is put once, as the origin names and types it, and stays in caches", async () => {
	await store(ID, "720p/init-x-1.mp4");
	await storeSegments(1, 10);
	await store(ID, "720p/index.m3u8");
	await store(ID, "index.m3u8");
	await untilUploaded();
	expect([...s3.puts.values()]).toEqual([...expected].map(() => 1));
	const { headers } = await s3.object(`site/live/${ID}/720p/segment-x-3.m4s`);
	expect(headers.get("content-type")).toBe("video/mp4");
	expect(headers.get("cache-control")).toBe("max-age=31536000, immutable");
	const playlist = await s3.object(`site/live/${ID}/index.m3u8`);
	expect(playlist.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
	expect(playlist.headers.get("cache-control")).toBe("max-age=3600");
	expect(await figure("files_total")).toBe(23);
	expect(await figure("bytes_total")).toBe(23 * 20_000);
	expect(s3.mostAtOnce).toBeGreaterThan(1);
	expect(s3.mostAtOnce).toBeLessThanOrEqual(3);
});

test.each<S3Condition>(["down", "slow-down", "cut", "answer-lost", "silent"])(
	"a store that is %s for a while gets everything after it",
	async (condition) => {
		await storeSegments(1, 3, 600_000);
		await untilUploaded();
		s3.condition = condition;
		await storeSegments(4, 9, 600_000);
		const failed = async () => (await figure("failures_total", { kind: "temporary" })) >= 4;
		await eventually(failed, 20_000, () => "requests did not fail");
		expect(await figure("pending_files")).toBe(12);
		expect(await figure("oldest_pending_seconds")).toBeGreaterThan(0);
		s3.condition = "well";
		await storeSegments(10, 12);
		await untilUploaded();
		expect([...s3.puts.values()].every((count) => count === 1)).toBe(true);
		expect(logCount("does not answer as it should")).toBe(1);
		expect(logCount("takes uploads again")).toBe(1);
	},
);

test("a store that is down is asked ever more seldom, by one request at a time", async () => {
	s3.condition = "down";
	await storeSegments(1, 40, 1_000);
	await eventually(
		() => s3.requests >= 8,
		20_000,
		() => "not tried again",
	);
	const [before, startedAt] = [s3.requests, performance.now()];
	await eventually(
		() => s3.requests >= before + 6,
		20_000,
		() => "not tried again",
	);
	// Half of the longest wait, the least that jitter leaves, for each.
	expect(performance.now() - startedAt).toBeGreaterThan(5 * 150);
	s3.condition = "well";
	await untilUploaded();
});

test("a wrong secret is told once, without the secret, and the right one goes on", async () => {
	await uploader.close();
	await life({ secretAccessKey: "not-the-secret" });
	await storeSegments(1, 3);
	await eventually(
		async () => (await figure("failures_total", { kind: "refused" })) >= 4,
		20_000,
		() => "not refused",
	);
	expect(await figure("refused")).toBe(1);
	expect(logCount("refuses uploads")).toBe(1);
	expect(logged.find(({ msg }) => String(msg).includes("refuses"))).toMatchObject({ code: "SignatureDoesNotMatch" });
	expect(JSON.stringify(logged)).not.toMatch(/not-the-secret|AWS4-HMAC|Signature=/);
	await uploader.close();
	await life();
	await untilUploaded();
	expect(await figure("refused")).toBe(0);
});

test("a bucket that is missing is told once, and is filled when it is there", async () => {
	await s3.removeBucket();
	await storeSegments(1, 3);
	await eventually(
		async () => (await figure("failures_total", { kind: "refused" })) >= 3,
		20_000,
		() => "not refused",
	);
	expect(logged.filter(({ level }) => level === 50)).toMatchObject([{ code: "NoSuchBucket", status: 404 }]);
	await s3.createBucket();
	await untilUploaded();
	expect(await figure("refused")).toBe(0);
});

test("another life goes on where one ended, and is not fooled by being told again", async () => {
	await storeSegments(1, 30);
	await eventually(
		() => s3.puts.size >= 10,
		20_000,
		() => "nothing uploaded",
	);
	await uploader.close();
	const [puts, keys] = [s3.puts.size, [...expected.keys()]];
	expect(puts).toBeLessThan(60);
	await life();
	for (const key of keys) {
		uploader.add(ID, key.slice(`site/live/${ID}/`.length), "video/mp4");
	}
	await storeSegments(31, 32);
	await untilUploaded();
	// What was under way at the end comes twice, and nothing else does.
	const twice = [...s3.puts.values()].filter((count) => count > 1);
	expect(twice.length).toBeLessThanOrEqual(3);
	await uploader.close();
	const requests = s3.requests;
	await life();
	await eventually(
		async () => (await readdir(join(dataDir, "uploads"))).length === 2,
		5_000,
		() => "files left",
	);
	expect(s3.requests).toBe(requests);
});

test("a life that was killed is followed by one that loses nothing", async () => {
	await storeSegments(1, 30);
	await eventually(
		() => s3.puts.size >= 20,
		20_000,
		() => "nothing uploaded",
	);
	// As the files were when nobody could tidy up any more.
	const [lists, left] = [join(dataDir, "uploads"), join(dataDir, "left")];
	await cp(lists, left, { recursive: true });
	await uploader.close();
	await rm(lists, { recursive: true });
	await rename(left, lists);
	await life();
	await untilUploaded();
	expect(Math.max(...s3.puts.values())).toBeLessThanOrEqual(2);
});

test("the lists of hundreds of webinars that are over are passed over", async () => {
	await store("first", "720p/segment-x-1.m4s");
	await store("first", "index.m3u8");
	await untilUploaded();
	await uploader.close();
	const list = (name: string) => join(dataDir, "uploads", name);
	for (let webinar = 0; webinar < 300; webinar++) {
		await cp(list("first.queue"), list(`past${webinar}.queue`));
		await cp(list("first.done"), list(`past${webinar}.done`));
	}
	const requests = s3.requests;
	await life();
	await store("next", "720p/segment-x-1.m4s");
	await untilUploaded();
	expect(s3.requests).toBe(requests + 1);
});

test("a list that was torn when the process was killed is taken up to its last whole line", async () => {
	s3.condition = "down";
	await storeSegments(1, 5);
	await eventually(
		async () => (await figure("failures_total")) > 0,
		10_000,
		() => "not tried",
	);
	await uploader.close();
	const queue = join(dataDir, "uploads", `${ID}.queue`);
	const length = (await readFile(queue)).length;
	await truncate(queue, length - 7);
	await appendFile(join(dataDir, "uploads", "nobody.queue"), "{ this is no list");
	s3.condition = "well";
	await life();
	uploader.add(ID, "audio/segment-x-5.m4s", "video/mp4");
	await untilUploaded();
});

test("playlists come when all that they list is there", async () => {
	s3.condition = "slow-down";
	await storeSegments(1, 5, 200_000);
	await store(ID, "720p/index.m3u8");
	await store(ID, "audio/index.m3u8");
	await store(ID, "index.m3u8");
	await eventually(
		async () => (await figure("failures_total")) > 5,
		20_000,
		() => "not tried",
	);
	s3.condition = "well";
	await untilUploaded();
	const order = [...s3.puts.keys()];
	expect(order.slice(-3)).toEqual(["720p/", "audio/", ""].map((dir) => `site/live/${ID}/${dir}index.m3u8`));
});

test("several webinars take turns", async () => {
	s3.condition = "down";
	for (const id of ["first", "second", "third"]) {
		for (let msn = 1; msn <= 30; msn++) await store(id, `720p/segment-x-${msn}.m4s`, 1_000);
	}
	await eventually(
		async () => (await figure("failures_total")) > 0,
		10_000,
		() => "not tried",
	);
	s3.condition = "well";
	await untilUploaded();
	const webinars = [...s3.puts.keys()].slice(0, 30).map((key) => key.split("/")[2]);
	for (const id of ["first", "second", "third"]) {
		expect(webinars.filter((webinar) => webinar === id).length).toBeGreaterThan(6);
	}
});

test("a deleted webinar's objects go, over an outage and a restart, and others stay", async () => {
	await store("other", "720p/segment-x-1.m4s");
	await storeSegments(1, 20);
	await untilUploaded();
	s3.condition = "down";
	await storeSegments(21, 22);
	await eventually(
		async () => (await figure("pending_files")) === 4,
		10_000,
		() => "not noted",
	);
	uploader.remove(ID);
	uploader.remove("nobody");
	await rm(join(dataDir, "live", ID), { recursive: true });
	await eventually(
		async () => (await figure("failures_total")) > 3,
		10_000,
		() => "not tried",
	);
	await uploader.close();
	expect(await s3.keys()).toHaveLength(41);
	s3.condition = "well";
	await life();
	expected = new Map([...expected].filter(([key]) => key.includes("/other/")));
	await untilUploaded();
	expect(await figure("lost_files_total")).toBe(0);
	const left = async () => (await readdir(join(dataDir, "uploads"))).sort();
	await eventually(
		async () => (await left()).join() === "other.done,other.queue",
		10_000,
		() => "not finished",
	);
});

test("what is private lies where no address of the origin leads, from the time it is, and is deleted too", async () => {
	await storeSegments(1, 2);
	secret = ID;
	await storeSegments(3, 4);
	await untilUploaded();
	const isPrivate = (key: string) => key.startsWith("site/private/");
	expect((await s3.keys()).filter(isPrivate)).toHaveLength(4);
	uploader.remove(ID);
	await eventually(
		async () => (await s3.keys()).length === 0,
		20_000,
		() => "objects are left",
	);
});

test("a file that is gone before it was uploaded is counted, and holds up nothing", async () => {
	uploader.add(ID, "720p/segment-x-1.m4s", "video/mp4");
	await storeSegments(2, 4);
	await untilUploaded();
	expect(await figure("lost_files_total")).toBe(1);
	expect(logCount("gone before")).toBe(1);
});

/** Bytes, after a collection. */
function heapUsed(): number {
	setFlagsFromString("--expose-gc");
	runInNewContext("gc")();
	return process.memoryUsage().heapUsed;
}

test("memory holds a few files however many wait", async () => {
	s3.condition = "down";
	// More than are tried; the others need not exist.
	for (let index = 0; index < 1000; index++) await store(ID, `720p/segment-x-${index}.m4s`, 100);
	await eventually(
		async () => (await figure("failures_total")) > 0,
		10_000,
		() => "not tried",
	);
	await uploader.close();
	const queue = join(dataDir, "uploads", `${ID}.queue`);
	const [line = ""] = (await readFile(queue, "utf8")).split("\n");
	const entry = JSON.parse(line);
	const count = 200_000;
	const paths = Array.from({ length: count }, (_, index) => `720p/segment-x-${index}.m4s`);
	await writeFile(queue, paths.map((path) => `${JSON.stringify({ ...entry, path })}\n`).join(""));
	paths.length = 0;
	const before = heapUsed();
	await life();
	await eventually(
		async () => (await figure("failures_total")) > 3,
		10_000,
		() => "not tried",
	);
	expect(await figure("pending_files")).toBe(count);
	expect(heapUsed() - before).toBeLessThan(3e6);
});
