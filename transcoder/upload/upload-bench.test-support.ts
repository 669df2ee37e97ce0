import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { Registry } from "prom-client";
import { expect } from "vitest";
import { systemClock } from "../../core/runtime/clock.ts";
import { createLog } from "../../core/runtime/log.ts";
import { eventually } from "../../test/support/deadline.ts";
import { S3Server } from "../../test/support/s3-server.ts";
import { createUploader, type Uploader } from "./uploader.ts";

/** Of the webinar most tests are about. */
export const ID = "abcdefghij12";

const DEADLINE_MS = 25_000;

/** An uploader before a real store, and the files it is told of. */
export class UploadBench {
	readonly s3: S3Server;
	readonly dataDir: string;
	/** What must be in the bucket, by key. */
	expected = new Map<string, Buffer>();
	/** The id of a webinar that is private. */
	secret: string | undefined;
	/** Of this life. */
	logged: Record<string, unknown>[] = [];
	uploader!: Uploader;
	#metrics = new Registry();

	private constructor(s3: S3Server, dataDir: string) {
		this.s3 = s3;
		this.dataDir = dataDir;
	}

	/** In its first life. */
	static async start(): Promise<UploadBench> {
		const bench = new UploadBench(await S3Server.start(), await mkdtemp(join(tmpdir(), "rostrum-uploads-")));
		await bench.life();
		return bench;
	}

	async life(changes: { secretAccessKey?: string } = {}): Promise<void> {
		this.#metrics = new Registry();
		const logged: Record<string, unknown>[] = [];
		this.logged = logged;
		const stream = new Writable({
			write(line, _encoding, done) {
				logged.push(JSON.parse(String(line)));
				done();
			},
		});
		this.uploader = await createUploader(
			{
				...this.s3.options,
				...changes,
				prefix: "site/",
				dataDir: this.dataDir,
				pace: { firstRetryMs: 20, longestRetryMs: 300, stalledAfterMs: 500 },
			},
			{
				log: createLog({ level: "info", pretty: false, stream }),
				clock: systemClock,
				metrics: this.#metrics,
				isPrivate: (webinarId) => webinarId === this.secret,
			},
		);
	}

	async endLife(): Promise<void> {
		await this.uploader.close();
	}

	/** Writes a file, as the archive does, and tells the uploader. */
	async store(webinarId: string, path: string, bytes = 20_000): Promise<void> {
		const file = join(this.dataDir, "live", webinarId, path);
		const body = randomBytes(bytes);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, body);
		this.expected.set(`site/${webinarId === this.secret ? "private" : "live"}/${webinarId}/${path}`, body);
		this.uploader.add(webinarId, path, path.endsWith(".m3u8") ? "application/vnd.apple.mpegurl" : "video/mp4");
	}

	/** In two renditions. */
	async storeSegments(from: number, to: number, bytes?: number): Promise<void> {
		for (let msn = from; msn <= to; msn++) {
			for (const rendition of ["720p", "audio"]) await this.store(ID, `${rendition}/segment-x-${msn}.m4s`, bytes);
		}
	}

	/** Every file is in the bucket, byte for byte, and nothing else is. */
	async untilUploaded(): Promise<void> {
		const { expected, s3 } = this;
		await eventually(
			async () => (await this.figure("pending_files")) === 0 && (await s3.keys()).length === expected.size,
			DEADLINE_MS,
			() => `not all uploaded: ${s3.puts.size} of ${expected.size}`,
		);
		expect(await s3.keys()).toEqual([...expected.keys()].sort());
		for (const [key, body] of expected) expect((await s3.object(key)).body.equals(body), key).toBe(true);
	}

	/** So many requests of this life have failed. */
	async untilFailures(count: number, kind?: "temporary" | "refused"): Promise<void> {
		await eventually(
			async () => (await this.figure("failures_total", kind && { kind })) >= count,
			DEADLINE_MS,
			() => "requests did not fail",
		);
	}

	/** What the metric `rostrum_upload_<name>` says. */
	async figure(name: string, labels: Record<string, string> = {}): Promise<number> {
		const read = await this.#metrics.getSingleMetric(`rostrum_upload_${name}`)?.get();
		const fits = (found: object) => Object.entries(labels).every(([key, value]) => Reflect.get(found, key) === value);
		return read?.values.find((value) => fits(value.labels))?.value ?? 0;
	}

	logCount(text: string): number {
		return this.logged.filter(({ msg }) => String(msg).includes(text)).length;
	}

	async close(): Promise<void> {
		await this.uploader.close();
		await this.s3.close();
		await rm(this.dataDir, { recursive: true });
	}
}
