import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../test/support/deadline.ts";
import type { S3Condition } from "../../test/support/s3-server.ts";
import { UploadBench } from "./upload-bench.test-support.ts";

let bench: UploadBench;

beforeEach(async () => {
	bench = await UploadBench.start();
});

afterEach(() => bench.close());

test.each<S3Condition>(["down", "slow-down", "cut", "answer-lost", "silent"])(
	"a store that is %s for a while gets everything after it",
	async (condition) => {
		await bench.storeSegments(1, 3, 600_000);
		await bench.untilUploaded();
		bench.s3.condition = condition;
		await bench.storeSegments(4, 9, 600_000);
		await bench.untilFailures(4, "temporary");
		expect(await bench.figure("pending_files")).toBe(12);
		expect(await bench.figure("oldest_pending_seconds")).toBeGreaterThan(0);
		bench.s3.condition = "well";
		await bench.storeSegments(10, 12);
		await bench.untilUploaded();
		expect([...bench.s3.puts.values()].every((count) => count === 1)).toBe(true);
		expect(bench.logCount("does not answer as it should")).toBe(1);
		expect(bench.logCount("takes uploads again")).toBe(1);
	},
);

test("a store that is down is asked ever more seldom, by one request at a time", async () => {
	bench.s3.condition = "down";
	await bench.storeSegments(1, 40, 1_000);
	await eventually(
		() => bench.s3.requests >= 8,
		20_000,
		() => "not tried again",
	);
	const [before, startedAt] = [bench.s3.requests, performance.now()];
	await eventually(
		() => bench.s3.requests >= before + 6,
		20_000,
		() => "not tried again",
	);
	// Half of the longest wait, the least that jitter leaves, for each.
	expect(performance.now() - startedAt).toBeGreaterThan(5 * 150);
	bench.s3.condition = "well";
	await bench.untilUploaded();
});

test("a wrong secret is told once, without the secret, and the right one goes on", async () => {
	await bench.endLife();
	await bench.life({ secretAccessKey: "not-the-secret" });
	await bench.storeSegments(1, 3);
	await bench.untilFailures(4, "refused");
	expect(await bench.figure("refused")).toBe(1);
	expect(bench.logCount("refuses uploads")).toBe(1);
	expect(bench.logged.find(({ msg }) => String(msg).includes("refuses"))).toMatchObject({
		code: "SignatureDoesNotMatch",
	});
	expect(JSON.stringify(bench.logged)).not.toMatch(/not-the-secret|AWS4-HMAC|Signature=/);
	await bench.endLife();
	await bench.life();
	await bench.untilUploaded();
	expect(await bench.figure("refused")).toBe(0);
});

test("a bucket that is missing is told once, and is filled when it is there", async () => {
	await bench.s3.removeBucket();
	await bench.storeSegments(1, 3);
	await bench.untilFailures(3, "refused");
	expect(bench.logged.filter(({ level }) => level === 50)).toMatchObject([{ code: "NoSuchBucket", status: 404 }]);
	await bench.s3.createBucket();
	await bench.untilUploaded();
	expect(await bench.figure("refused")).toBe(0);
});
