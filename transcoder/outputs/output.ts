import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { AudioTrackConfig, CodedFrame, Run, VideoTrackConfig } from "../coded-frames.ts";
import { startFfmpeg } from "../encode/ffmpeg.ts";
import { flvAudio, flvStart, flvVideo } from "./flv-writer.ts";
import { OutputQueue } from "./output-queue.ts";
import { causeOf, restreamCommand, urlFault } from "./restream-command.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** One that was live for so long was a good one. */
const GOOD_LIFE_MS = 30_000;
/** It neither takes what waits nor says anything for so long: it hangs. */
const HANGING_AFTER_MS = 15_000;
const WATCH_INTERVAL_MS = 1_000;
/** For saying goodbye to the receiver. */
const END_DEADLINE_MS = 2_000;
const KEPT_LINES = 20;

type OutputState = Omit<EventTopics["output-state"], "webinarId" | "id">;

export interface OutputEvents {
	/** Only when it changes. */
	state: (state: OutputState) => void;
}

/** One life of ffmpeg: a connection, or an attempt at one. */
interface Sending {
	queue: OutputQueue;
	/** What it sends, to see whether another run can go on in it. */
	configuration: string;
	kill: () => void;
	/** What ffmpeg said last: it holds the URL, so it is for `causeOf` alone. */
	lines: string[];
	movedAtMs: number;
	liveSinceMs?: number;
	/** It is to end, so its end is no failure. */
	leaving: boolean;
	lastMs: { video: number; audio: number };
	originMs: number | undefined;
}

/**
 * Sends the highest rung and the sound to one RTMP or SRT address, without encoding them again, and connects again for ever
 * until it is closed. It never holds up who pushes: a slow receiver misses pictures, one that hangs is left.
 */
export class Output {
	readonly #url: string;
	readonly #log: Logger;
	readonly #events: OutputEvents;
	readonly #watchdog: NodeJS.Timeout;
	readonly #gone = new Set<Promise<void>>();
	#run: Run | undefined;
	#sending: Sending | undefined;
	#state: OutputState = { state: "connecting" };
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(url: string, { log, events }: { log: Logger; events: OutputEvents }) {
		this.#url = url;
		this.#log = log;
		this.#events = events;
		events.state(this.#state);
		const fault = urlFault(url);
		if (fault !== undefined) {
			this.#closed = true;
			this.#setState({ state: "failed", reason: fault });
		}
		this.#watchdog = setInterval(() => this.#watch(), WATCH_INTERVAL_MS).unref();
	}

	/** What is pushed from now on belongs to that run. */
	startRun(run: Run): void {
		this.#run = run;
		if (this.#sending && this.#sending.configuration !== configurationOf(run)) {
			this.#leave(this.#sending);
			this.#sending = undefined;
		}
	}

	push(frame: CodedFrame): void {
		if (this.#closed || !this.#run || this.#retryTimer) return;
		const track = this.#run.tracks[frame.track];
		if (!track || (track.kind === "video" && frame.track !== 0)) return;
		const isKeyframe = track.kind === "video" && frame.keyframe;
		// A receiver takes a stream but once: the connection before has to be over.
		if (!this.#sending && isKeyframe && this.#gone.size === 0) this.#sending = this.#connect(this.#run);
		if (!this.#sending) return;
		const unitMs = 1000 / (track.kind === "video" ? track.frameRate : track.sampleRate);
		const capturedMs = this.#run.startsAtMs + frame.pts * unitMs;
		this.#write(this.#sending, track.kind, capturedMs, frame, isKeyframe);
	}

	/** Resolves when nothing of it runs any more. Idempotent. */
	async close(): Promise<void> {
		this.#closed = true;
		clearInterval(this.#watchdog);
		clearTimeout(this.#retryTimer);
		if (this.#sending) this.#leave(this.#sending);
		this.#sending = undefined;
		await Promise.all(this.#gone);
	}

	#write(sending: Sending, kind: "video" | "audio", capturedMs: number, frame: CodedFrame, opensWith: boolean): void {
		sending.originMs ??= capturedMs;
		// A run may begin a little before the one it follows has ended; time only goes forward.
		const timestampMs = Math.max(Math.round(capturedMs - sending.originMs), sending.lastMs[kind] + 1);
		if (timestampMs < 0) return;
		const { data, keyframe } = frame;
		const bytes = kind === "video" ? flvVideo(timestampMs, keyframe, data) : flvAudio(timestampMs, data);
		if (!sending.queue.push(bytes, opensWith)) sending.lastMs[kind] = timestampMs;
	}

	#connect(run: Run): Sending {
		const queue = new OutputQueue({
			dropping: () => this.#log.warn("the output is too slow for the programme, pictures are left out"),
		});
		const sending: Sending = {
			queue,
			configuration: configurationOf(run),
			kill: () => {},
			lines: [],
			movedAtMs: performance.now(),
			leaving: false,
			lastMs: { video: -1, audio: -1 },
			originMs: undefined,
		};
		queue.start(headerOf(run));
		const gone = Promise.withResolvers<void>();
		this.#gone.add(gone.promise);
		sending.kill = startFfmpeg(
			restreamCommand(this.#url),
			{
				started: () => {},
				said: (line) => this.#hear(sending, line),
				ended: () => {
					this.#gone.delete(gone.promise);
					gone.resolve();
					queue.close();
					this.#ended(sending);
				},
			},
			queue.stream,
		);
		this.#setState({ state: "connecting" });
		return sending;
	}

	#hear(sending: Sending, line: string): void {
		sending.movedAtMs = performance.now();
		sending.lines.push(line);
		if (sending.lines.length > KEPT_LINES) sending.lines.shift();
		// Of its statistics, which begin when it is connected.
		if (sending.liveSinceMs !== undefined || sending.leaving || !/^frame= *[1-9]/.test(line)) return;
		sending.liveSinceMs = performance.now();
		this.#setState({ state: "live" });
	}

	#leave(sending: Sending): void {
		sending.leaving = true;
		sending.queue.end();
		setTimeout(sending.kill, END_DEADLINE_MS).unref();
	}

	#ended(sending: Sending): void {
		if (sending.leaving || sending !== this.#sending) return;
		this.#sending = undefined;
		if (sending.liveSinceMs !== undefined && performance.now() - sending.liveSinceMs > GOOD_LIFE_MS)
			this.#retryMs = FIRST_RETRY_MS;
		this.#setState({ state: "failed", reason: causeOf(sending.lines) });
		this.#retryTimer = setTimeout(() => {
			this.#retryTimer = undefined;
		}, this.#retryMs);
		this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
	}

	#watch(): void {
		const sending = this.#sending;
		if (!sending) return;
		if (sending.queue.waitingBytes === 0) sending.movedAtMs = performance.now();
		if (performance.now() - sending.movedAtMs < HANGING_AFTER_MS) return;
		sending.lines.push("timed out");
		sending.kill();
	}

	#setState(state: OutputState): void {
		if (state.state === this.#state.state && state.reason === this.#state.reason) return;
		this.#state = state;
		this.#log.info(state, "output");
		this.#events.state(state);
	}
}

/** Of what is sent of a run. */
function tracksOf({ tracks }: Run): { video: VideoTrackConfig; audio: AudioTrackConfig } | undefined {
	const [video] = tracks;
	const audio = tracks.at(-1);
	return video?.kind === "video" && audio?.kind === "audio" ? { video, audio } : undefined;
}

function configurationOf(run: Run): string {
	const tracks = tracksOf(run);
	return `${tracks?.video.avcC} ${tracks?.audio.audioSpecificConfig}`;
}

function headerOf(run: Run): Buffer {
	const tracks = tracksOf(run);
	return flvStart({
		avcC: Buffer.from(tracks?.video.avcC ?? "", "base64"),
		audioSpecificConfig: Buffer.from(tracks?.audio.audioSpecificConfig ?? "", "base64"),
	});
}
