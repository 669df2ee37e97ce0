import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { CodedFrameReader, type Run } from "../../../transcoder/coded-frames.ts";
import { ProgrammeClock } from "../../../transcoder/compose/programme-clock.ts";
import { Encoder } from "../../../transcoder/encode/encoder.ts";
import { samplePictures } from "../../../transcoder/encode/sample-pictures.ts";
import type { Ladder } from "../../../transcoder/ladder.ts";
import { programmeFormat } from "../../../transcoder/programme-format.ts";

const PICTURES = 12;
const now = () => performance.timeOrigin + performance.now();

/** The encoder as a programme drives it. */
export class EncoderBench {
	/** From the first tick that was pushed to it to the first frame that came out. */
	firstFrameMs = Number.NaN;
	/** Of the slowest rung. */
	readonly latenciesMs: number[] = [];
	mostBacklog = 0;
	#pid = 0;
	#run: Run | undefined;
	#first = true;
	/** When the tick of that capture time was pushed; capture times are whole ticks. */
	readonly #pushedAtMs = new Map<number, number>();
	/** Of a capture time: rungs it has come out of. */
	readonly #rungs = new Map<number, number>();
	#done = 0;
	#lastTick = 0;
	/** Of the newest hole. */
	#missingTicks = 0;
	#waiting: (() => void) | undefined;
	readonly #encoder: Encoder;
	readonly #clock: ProgrammeClock;
	readonly #directory: string;

	private constructor(directory: string, ladder: Ladder) {
		this.#directory = directory;
		const reader = new CodedFrameReader();
		this.#encoder = new Encoder(
			{ socketDir: directory, encoder: "x264", ladder },
			{
				log: pino({ level: "silent" }),
				events: {
					started: (pid) => {
						this.#pid = pid;
					},
					lost: () => {},
					coded: (record) => {
						for (const item of reader.push(record)) {
							if ("run" in item) this.#run = item.run;
							else if (item.frame.track < ladder.length) this.#came(item.frame.pts, ladder.length);
						}
					},
				},
			},
		);
		const pictures = [...samplePictures(ladder[0], PICTURES)];
		const turn = 2 * (PICTURES - 1);
		const sound = new Float32Array(programmeFormat.samplesPerTick * programmeFormat.channels).fill(0.01);
		const tick = (number: number) => {
			const at = number % turn;
			const data = pictures[at < PICTURES ? at : turn - at];
			if (!data) return;
			this.#pushedAtMs.set(number, now());
			const captureMs = (number * 1000) / programmeFormat.frameRate;
			this.#encoder.push({ captureMs, picture: { data, retain() {}, release() {} }, sound });
			this.mostBacklog = Math.max(this.mostBacklog, this.#encoder.backlog);
		};
		this.#clock = new ProgrammeClock({ clock: { now }, events: { tick, skipped: () => {} } });
	}

	static async start(ladder: Ladder): Promise<EncoderBench> {
		return new EncoderBench(await mkdtemp(join(tmpdir(), "latency-")), ladder);
	}

	/** Resolves when so many have come out of every rung, since the start. */
	async frames(count: number): Promise<void> {
		while (this.#done < count)
			await new Promise<void>((resolve) => {
				this.#waiting = resolve;
			});
	}

	/** Kills ffmpeg. Returns how much of the programme is missing. */
	async hole(): Promise<number> {
		const run = this.#run?.run;
		process.kill(this.#pid, "SIGKILL");
		while (this.#run?.run === run) await this.frames(this.#done + 1);
		await this.frames(this.#done + 3 * programmeFormat.frameRate);
		return (this.#missingTicks * 1000) / programmeFormat.frameRate;
	}

	#came(pts: number, rungs: number): void {
		const tick = Math.round(((this.#run?.startsAtMs ?? 0) * programmeFormat.frameRate) / 1000) + pts;
		const count = (this.#rungs.get(tick) ?? 0) + 1;
		this.#rungs.set(tick, count);
		if (count < rungs) return;
		this.#rungs.delete(tick);
		const latencyMs = now() - (this.#pushedAtMs.get(tick) ?? Number.NaN);
		if (this.#first) this.firstFrameMs = latencyMs;
		this.#first = false;
		this.latenciesMs.push(latencyMs);
		if (tick > this.#lastTick + 1) this.#missingTicks = tick - this.#lastTick - 1;
		this.#lastTick = tick;
		this.#done++;
		this.#waiting?.();
	}

	async close(): Promise<void> {
		this.#clock.close();
		await this.#encoder.finish();
		await rm(this.#directory, { recursive: true });
	}
}
