import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import S3rver from "s3rver";
import { signatureFault } from "./s3-signature.ts";

/**
 * `down`: connections are reset. `slow-down`: 503 to everything. `cut`: the connection is lost halfway through a body, which
 * the store has got so far. `answer-lost`: the request is carried out, its answer gets lost. `silent`: no answer ever comes.
 */
export type S3Condition = "well" | "down" | "slow-down" | "cut" | "answer-lost" | "silent";

/**
 * S3 over HTTP, stored by s3rver, behind a front that checks each signature (which s3rver does not), and behaves as badly as
 * a test wants.
 */
export class S3Server {
	readonly account = { region: "eu-central-1", accessKeyId: "ROSTRUMTEST", secretAccessKey: "very-secret-indeed" };
	readonly bucket = "webinars";
	condition: S3Condition = "well";
	/** Requests that came, well signed or not. */
	requests = 0;
	/** By key, how often it was put and that was confirmed. */
	readonly puts = new Map<string, number>();
	/** Most requests that were under way at once. */
	mostAtOnce = 0;
	#atOnce = 0;
	readonly #directory: string;
	readonly #store: S3rver;
	#storePort = 0;
	readonly #front = createServer((incoming, answer) => {
		this.#handle(incoming, answer).catch(() => incoming.destroy());
	});

	private constructor(directory: string) {
		this.#directory = directory;
		this.#store = new S3rver({
			address: "127.0.0.1",
			port: 0,
			silent: true,
			directory,
			vhostBuckets: false,
			configureBuckets: [{ name: this.bucket }],
		});
	}

	static async start(): Promise<S3Server> {
		const started = new S3Server(await mkdtemp(join(tmpdir(), "rostrum-s3-")));
		started.#storePort = (await started.#store.run()).port;
		started.#front.listen(0, "127.0.0.1");
		await once(started.#front, "listening");
		return started;
	}

	get endpoint(): string {
		return `http://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
	}

	/** As `createUploader` takes it. */
	get options() {
		return { endpoint: this.endpoint, bucket: this.bucket, ...this.account };
	}

	async keys(): Promise<string[]> {
		const files = await readdir(join(this.#directory, this.bucket), { recursive: true }).catch(() => []);
		const ending = "._S3rver_object";
		return files
			.filter((file) => file.endsWith(ending))
			.map((file) => file.slice(0, -ending.length))
			.sort();
	}

	/** Where a CDN that may read the bucket finds an object. */
	publicUrl(key: string): string {
		return `http://127.0.0.1:${this.#storePort}/${this.bucket}/${key}`;
	}

	async object(key: string): Promise<{ status: number; headers: Headers; body: Buffer }> {
		const answer = await fetch(this.publicUrl(key));
		return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
	}

	async removeBucket(): Promise<void> {
		await rm(join(this.#directory, this.bucket), { recursive: true });
	}

	async createBucket(): Promise<void> {
		await mkdir(join(this.#directory, this.bucket));
	}

	async close(): Promise<void> {
		this.#front.closeAllConnections();
		this.#front.close();
		await this.#store.close();
		await rm(this.#directory, { recursive: true, force: true });
	}

	async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
		this.requests++;
		this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
		answer.once("close", () => this.#atOnce--);
		if (this.condition === "down") {
			incoming.socket.resetAndDestroy();
			return;
		}
		const body = await buffer(incoming);
		if (this.condition === "silent") return;
		if (this.condition === "slow-down") {
			refuse(answer, 503, "SlowDown");
			return;
		}
		const { method = "", url = "", headers } = incoming;
		const fault = signatureFault({ method, url, headers, body }, this.account, Date.now());
		if (fault) refuse(answer, fault === "AuthorizationHeaderMalformed" ? 400 : 403, fault);
		else await this.#forward(incoming, body, answer);
	}

	async #forward({ method, url = "", headers, socket }: IncomingMessage, body: Buffer, answer: ServerResponse) {
		const { condition } = this;
		const { authorization, ...passed } = headers;
		const forwarded = request({ port: this.#storePort, host: "127.0.0.1", method, path: url, headers: passed });
		if (condition === "cut") {
			forwarded.on("error", () => {});
			forwarded.write(body.subarray(0, body.length / 2), () => forwarded.destroy());
			await once(forwarded, "close");
			socket.resetAndDestroy();
			return;
		}
		forwarded.end(body);
		const [stored] = (await once(forwarded, "response")) as [IncomingMessage];
		const answered = await buffer(stored);
		if (condition === "answer-lost") {
			socket.resetAndDestroy();
			return;
		}
		if (method === "PUT" && stored.statusCode === 200) {
			const key = decodeURIComponent(url.split("?")[0] ?? "").slice(`/${this.bucket}/`.length);
			this.puts.set(key, (this.puts.get(key) ?? 0) + 1);
		}
		answer.writeHead(stored.statusCode ?? 502, stored.headers).end(answered);
	}
}

function refuse(answer: ServerResponse, status: number, code: string): void {
	const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Refused.</Message></Error>`;
	answer.writeHead(status, { "content-type": "application/xml" }).end(text);
}
