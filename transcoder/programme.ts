import type { Logger } from "pino";
import type { Scene } from "../core/protocol/scene.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { Compositor } from "./compose/compositor.ts";
import { Mixer } from "./compose/mixer.ts";
import { ProgrammeClock } from "./compose/programme-clock.ts";
import { Encoder, type EncoderEvents } from "./encode/encoder.ts";
import { programmeFormat } from "./programme-format.ts";
import { PersonSource } from "./source/person-source.ts";

/**
 * What was captured at one moment is shown this much later, everybody's alike. It must hold the way from the publisher (its
 * least part is not counted, see MediaClock), a retransmission, and decoding: less shows jerks on ordinary networks, more
 * is latency for everybody.
 */
export const PRESENTATION_DELAY_MS = 150;

/** A tick's picture stands for the time until the next: the one nearest to the middle is at most half a tick beside its sound. */
const HALF_TICK_MS = 500 / programmeFormat.frameRate;

export interface ProgrammeOptions {
	/** Where ingest's feed listens. */
	feedPath: string;
	/** An existing private directory for the encoder's sockets. */
	runDir: string;
	scene: Scene;
}

/** One live programme: the people of its scene, composed and encoded, from the first tick on without a pause. */
export class Programme {
	readonly #feedPath: string;
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #sources = new Map<string, PersonSource>();
	readonly #compositor = new Compositor();
	readonly #mixer = new Mixer();
	readonly #encoder: Encoder;
	readonly #programmeClock: ProgrammeClock;
	/** Of the sound: counts on from tick to tick, so that rounding leaves no hole. */
	#position: number | undefined;
	#sceneVersion = -1;

	constructor(
		{ feedPath, runDir, scene }: ProgrammeOptions,
		{ log, clock, events }: { log: Logger; clock: Clock; events: EncoderEvents },
	) {
		this.#feedPath = feedPath;
		this.#log = log.child({ component: "programme" });
		this.#clock = clock;
		this.#encoder = new Encoder({ socketDir: runDir }, { log, events });
		this.setScene(scene);
		this.#programmeClock = new ProgrammeClock({
			clock,
			events: {
				tick: (_number, atMs) => this.#tick(atMs - PRESENTATION_DELAY_MS),
				skipped: (ticks) => {
					this.#log.warn({ ticks }, "held up for too long, ticks were left out");
					this.#position = undefined;
					this.#encoder.startNewRun();
				},
			},
		});
	}

	/** An older version than the one shown is let go. */
	setScene(scene: Scene): void {
		if (scene.version < this.#sceneVersion) return;
		this.#sceneVersion = scene.version;
		const stay = new Set(scene.people.map(({ personId }) => personId));
		const gone = [...this.#sources].filter(([personId]) => !stay.has(personId));
		for (const personId of stay) {
			if (this.#sources.has(personId)) continue;
			const options = { feedPath: this.#feedPath, webinarId: scene.webinarId, personId };
			this.#sources.set(personId, new PersonSource(options, { log: this.#log, clock: this.#clock }));
		}
		this.#compositor.setScene(scene, (personId) => this.#sources.get(personId) as PersonSource);
		for (const [personId, source] of gone) {
			source.close();
			this.#sources.delete(personId);
		}
		this.#log.info({ version: scene.version, people: scene.people.length }, "scene");
	}

	/** Stops ticking and encodes what was ticked. Idempotent. */
	async finish(): Promise<void> {
		this.#stop();
		await this.#encoder.finish();
	}

	/** Ends everything at once. */
	close(): void {
		this.#stop();
		this.#encoder.close();
	}

	#stop(): void {
		this.#programmeClock.close();
		this.#compositor.close();
		for (const source of this.#sources.values()) source.close();
		this.#sources.clear();
	}

	#tick(captureMs: number): void {
		for (const source of this.#sources.values()) source.tick();
		this.#position ??= Math.round((captureMs * programmeFormat.sampleRate) / 1000);
		const sound = this.#mixer.mix(this.#sources.values(), this.#position);
		this.#position += programmeFormat.samplesPerTick;
		this.#encoder.push({ captureMs, picture: this.#compositor.draw(captureMs + HALF_TICK_MS), sound });
	}
}
