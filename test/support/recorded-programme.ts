import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { createLog } from "../../core/runtime/log.ts";
import { Archive } from "../../transcoder/archive/archive.ts";
import { Origin } from "../../transcoder/origin/origin.ts";
import { Packager } from "../../transcoder/package/packager.ts";
import type { CodedRecording } from "./coded-recording.ts";

const STEP_MS = 10;
const CHUNK_MS = 1000;

/** A recording as a live programme: packaged, kept on disk and served as a real one is. */
export class RecordedProgramme {
	/** When the first picture was captured. */
	readonly startsAtMs: number;
	readonly #directory: string;
	readonly #origin: Origin;
	readonly #archive: Archive;
	readonly #packager: Packager;
	readonly #app: FastifyInstance;
	readonly #recording: CodedRecording;
	#timer: NodeJS.Timeout | undefined;
	#playedMs = 0;
	/** When the run began, on the recording's clock. */
	#runAtMs = 0;

	private constructor(webinarId: string, recording: CodedRecording, ageMs: number, directory: string) {
		const log = createLog({ level: "silent", pretty: false });
		this.#directory = directory;
		this.#recording = recording;
		this.#origin = new Origin({ log, clock: { now: Date.now }, metrics: new Registry() });
		this.#archive = new Archive(directory, { log, events: { state: () => {} } });
		const stream = this.#origin.open(webinarId, this.#archive);
		this.#packager = new Packager({
			epoch: "recorded",
			windowSeconds: null,
			timeline: undefined,
			store: this.#archive,
			publish: (publication) => stream.publish(publication),
		});
		this.startsAtMs = Date.now() - ageMs;
		this.#packager.startRun({ run: 1, startsAtMs: this.startsAtMs, tracks: recording.tracks });
		this.#app = fastify({ forceCloseConnections: true });
	}

	/** As if it had been live for `ageMs`. */
	static async start(webinarId: string, recording: CodedRecording, ageMs: number): Promise<RecordedProgramme> {
		const directory = await mkdtemp(join(tmpdir(), "recorded-programme-"));
		const programme = new RecordedProgramme(webinarId, recording, ageMs, directory);
		await programme.#catchUp();
		await programme.#app.register(programme.#origin.plugin);
		await programme.#app.listen({ host: "127.0.0.1", port: 0 });
		return programme;
	}

	get port(): number {
		return (this.#app.server.address() as AddressInfo).port;
	}

	/** As when an encoder is lost and another takes its place. */
	loseEncoder(): void {
		this.#packager.endRun();
		this.#runAtMs = this.#playedMs = Date.now() - this.startsAtMs;
		this.#packager.startRun({ run: 2, startsAtMs: Date.now(), tracks: this.#recording.tracks });
	}

	/** Nothing follows. */
	end(): void {
		clearInterval(this.#timer);
		this.#packager.end();
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		this.#origin.close();
		await this.#app.close();
		await this.#archive.close();
		await rm(this.#directory, { recursive: true, force: true });
	}

	/** A second at a time, as the disk has to keep up. */
	async #catchUp(): Promise<void> {
		const ageMs = () => Date.now() - this.startsAtMs;
		for (let atMs = 0; atMs < ageMs(); atMs += CHUNK_MS) {
			this.#playUntil(Math.min(atMs + CHUNK_MS, ageMs()));
			await setTimeout(STEP_MS);
		}
		this.#timer = setInterval(() => this.#playUntil(ageMs()), STEP_MS);
	}

	#playUntil(untilMs: number): void {
		const [from, to] = [this.#playedMs - this.#runAtMs, untilMs - this.#runAtMs];
		for (const frame of this.#recording.between(from, to)) this.#packager.add(frame);
		this.#playedMs = untilMs;
	}
}
