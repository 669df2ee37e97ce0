import type { S3Client } from "@aws-sdk/client-s3";

export interface BucketOptions {
	/** Of the object store; undefined: Amazon's, of the region. */
	endpoint: string | undefined;
	region: string;
	bucket: string;
	accessKeyId: string;
	secretAccessKey: string;
}

export interface BucketObject {
	key: string;
	body: Buffer;
	contentType: string;
	cacheControl: string;
}

const CONNECT_WITHIN_MS = 10_000;
/** With nothing sent or received for this long a request counts as lost. */
export const STALLED_AFTER_MS = 20_000;
/** However slowly it goes on. */
const ANSWERED_WITHIN_MS = 180_000;

/** A bucket of an S3-compatible object store. Nothing is tried twice here, and what fails rejects as the client's error. */
export class Bucket {
	readonly #name: string;
	readonly #client: S3Client;
	readonly #sdk: typeof import("@aws-sdk/client-s3");

	private constructor(name: string, client: S3Client, sdk: typeof import("@aws-sdk/client-s3")) {
		this.#name = name;
		this.#client = client;
		this.#sdk = sdk;
	}

	/** Asks the object store nothing yet. */
	static async open(options: BucketOptions, stalledAfterMs: number): Promise<Bucket> {
		// The client takes 30 MB of memory, which only those pay who use it.
		const sdk = await import("@aws-sdk/client-s3");
		const { endpoint, region, bucket, accessKeyId, secretAccessKey } = options;
		const client = new sdk.S3Client({
			region,
			credentials: { accessKeyId, secretAccessKey },
			...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
			maxAttempts: 1,
			// The signature covers the body's SHA-256; stores other than Amazon's refuse the newer checksums.
			requestChecksumCalculation: "WHEN_REQUIRED",
			responseChecksumValidation: "WHEN_REQUIRED",
			// Not every store answers it, and each request would wait for that.
			expectContinueHeader: false,
			requestHandler: {
				connectionTimeout: CONNECT_WITHIN_MS,
				socketTimeout: stalledAfterMs,
				requestTimeout: ANSWERED_WITHIN_MS,
				throwOnRequestTimeout: true,
			},
		});
		return new Bucket(bucket, client, sdk);
	}

	/** Replaces what has that key. */
	async put({ key, body, contentType, cacheControl }: BucketObject, abortSignal: AbortSignal): Promise<void> {
		const object = { Key: key, Body: body, ContentType: contentType, CacheControl: cacheControl };
		await this.#client.send(new this.#sdk.PutObjectCommand({ Bucket: this.#name, ...object }), { abortSignal });
	}

	/** At most a thousand keys that begin with `prefix`. */
	async list(prefix: string, abortSignal: AbortSignal): Promise<string[]> {
		const command = new this.#sdk.ListObjectsV2Command({ Bucket: this.#name, Prefix: prefix });
		const { Contents = [] } = await this.#client.send(command, { abortSignal });
		return Contents.flatMap(({ Key }) => Key ?? []);
	}

	/** Is content when there is no such key. Several at once would need a checksum that not every store knows. */
	async remove(key: string, abortSignal: AbortSignal): Promise<void> {
		await this.#client.send(new this.#sdk.DeleteObjectCommand({ Bucket: this.#name, Key: key }), { abortSignal });
	}

	close(): void {
		this.#client.destroy();
	}
}
