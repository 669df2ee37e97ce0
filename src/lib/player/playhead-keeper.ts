import { FreezeWatchdog } from "./freeze-watchdog.ts";
import { LatencyController } from "./latency-controller.ts";
import type { PlaybackEngine } from "./playback-engine.ts";
import { SilenceWatch } from "./silence-watch.ts";

/** Where the programme itself is late, no jump brings the playhead nearer to now. */
const WORTHWHILE_JUMP_S = 1.5;
/** Out of a place where the browser sees media and does not play it. */
const NUDGE_S = 0.1;

interface Situation {
	/** Any steady clock. */
	nowMs: number;
	/** End of the buffered range that the playhead is in. */
	bufferEndS: number;
	/** Null: not playing, or not known. */
	latencyMs: number | null;
	/** The viewer has gone back: nothing brings the playhead nearer to the edge. */
	rewound: boolean;
	/** False when paused or not started. */
	shouldPlay: boolean;
}

/** Keeps a playhead going, and near the live edge when it is there. */
export class PlayheadKeeper {
	readonly #latency = new LatencyController();
	readonly #watchdog = new FreezeWatchdog();
	readonly #silence = new SilenceWatch();

	get targetMs(): number {
		return this.#latency.targetMs;
	}

	/** The least latency to aim at. */
	set floorMs(floorMs: number) {
		this.#latency.floorMs = floorMs;
	}

	/** The playback ran dry. */
	stalled(nowMs: number): void {
		this.#latency.stalled(nowMs);
	}

	/** The playhead was moved, or starts again. `followed`: where it was, and the viewer is to miss nothing. */
	restarted(how?: { followed: boolean }): void {
		this.#latency.restarted(how);
	}

	/** To be called a few times a second, unless paused. */
	tend(video: HTMLVideoElement, engine: PlaybackEngine, situation: Situation): void {
		if (situation.rewound || situation.latencyMs === null) setRate(video, 1);
		else if (engine.ledBy !== "nothing") this.#lead(video, engine, situation, situation.latencyMs);
		const { nowMs, bufferEndS, rewound } = situation;
		const waits = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
		if (this.#silence.check({ nowMs, waits, arrivals: engine.arrivals })) engine.restart();
		// Who has gone back waits for what is being loaded; at the edge parts come all the time.
		const shouldPlay = situation.shouldPlay && !(rewound && waits);
		const { edgeS } = engine;
		const remedy = this.#watchdog.check({ nowMs, shouldPlay, positionS: video.currentTime, bufferEndS, edgeS });
		if (remedy === "reload") engine.reload();
		else if (remedy === "jump" && rewound) video.currentTime += NUDGE_S;
		else if (remedy === "jump") jumpToEdge(video, engine);
	}

	#lead(video: HTMLVideoElement, engine: PlaybackEngine, situation: Situation, latencyMs: number): void {
		const { nowMs, bufferEndS } = situation;
		this.#latency.holdBackMs = engine.holdBackMs ?? this.#latency.holdBackMs;
		const rate = this.#latency.rate({ nowMs, latencyMs, bufferMs: (bufferEndS - video.currentTime) * 1000 });
		if (engine.ledBy === "rate-and-jumps") setRate(video, rate);
		const jumpS = (engine.livePositionS ?? 0) - video.currentTime;
		if (jumpS > WORTHWHILE_JUMP_S && this.#latency.isTooLate({ nowMs, latencyMs })) jumpToEdge(video, engine);
	}
}

export function jumpToEdge(video: HTMLVideoElement, engine: PlaybackEngine | undefined): void {
	const positionS = engine?.livePositionS;
	if (positionS != null && Number.isFinite(positionS)) video.currentTime = positionS;
}

function setRate(video: HTMLVideoElement, rate: number): void {
	if (video.playbackRate !== rate) video.playbackRate = rate;
}
