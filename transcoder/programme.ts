import type { Logger } from "pino";
import type { Brand } from "../core/protocol/brand.ts";
import type { Loudness } from "../core/protocol/bus-topics.ts";
import { type Scene, tileKey } from "../core/protocol/scene.ts";
import type { Shedding } from "../core/protocol/shedding.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { ChangeWatch, type ProgrammeChange } from "./change-watch.ts";
import { ActiveSpeaker } from "./compose/active-speaker.ts";
import { Compositor } from "./compose/compositor.ts";
import { Mixer } from "./compose/mixer.ts";
import { ProgrammeClock } from "./compose/programme-clock.ts";
import { Encoder, type EncoderEvents } from "./encode/encoder.ts";
import type { EncoderName } from "./encode/video-encoders.ts";
import type { Ladder } from "./ladder.ts";
import { sheds } from "./load-shedder.ts";
import { type LoadReport, LoadWatch } from "./load-watch.ts";
import { Preview } from "./preview/preview.ts";
import { programmeFormat } from "./programme-format.ts";
import { PersonSource } from "./source/person-source.ts";
import { MIN_PLAYOUT_DELAY_MS } from "./source/playout-delay.ts";

/** A tick's picture stands for the time until the next: the one nearest to the middle is at most half a tick beside its sound. */
const HALF_TICK_MS = 500 / programmeFormat.frameRate;

const LOUDNESS_TICKS = programmeFormat.frameRate / 5;

export interface ProgrammeEvents extends EncoderEvents {
	load: (report: LoadReport) => void;
	/** Five times a second while anybody is on air. */
	loudness: (levels: Loudness[]) => void;
	/** Who is on air, the layout or the speaker is another from that picture on. */
	changed: (change: ProgrammeChange) => void;
}

export interface ProgrammeOptions {
	/** Where ingest's feed listens. */
	feedPath: string;
	/** An existing private directory for the encoder's sockets, short enough for socket paths. */
	runDir: string;
	/** x264 when left out. */
	encoder?: EncoderName;
	ladder: Ladder;
	scene: Scene;
	brand: Brand;
	/** `tileKey` of who spoke in the life before of this programme. */
	speaker?: string | undefined;
}

/** One live programme: the people of its scene, composed and encoded, from the first tick on without a pause. */
export class Programme {
	readonly #feedPath: string;
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #events: ProgrammeEvents;
	readonly #sources = new Map<string, PersonSource>();
	readonly #compositor: Compositor;
	readonly #mixer = new Mixer();
	readonly #encoder: Encoder;
	readonly #preview: Preview;
	readonly #programmeClock: ProgrammeClock;
	readonly #load: LoadWatch;
	readonly #activeSpeaker: ActiveSpeaker;
	readonly #changes: ChangeWatch;
	#scene: Scene;
	/** `tileKey` of who speaks. */
	#speaker: string | undefined;
	/** Of the sound: counts on from tick to tick, so that rounding leaves no hole. */
	#position: number | undefined;

	constructor(
		{ feedPath, runDir, encoder = "x264", ladder, scene, brand, speaker }: ProgrammeOptions,
		{ log, clock, events }: { log: Logger; clock: Clock; events: ProgrammeEvents },
	) {
		this.#feedPath = feedPath;
		this.#log = log.child({ component: "programme" });
		this.#clock = clock;
		this.#events = events;
		this.#compositor = new Compositor(ladder[0], { log });
		this.#load = new LoadWatch({ rungs: ladder.length }, { log, reported: events.load });
		this.#activeSpeaker = new ActiveSpeaker(speaker);
		this.#speaker = speaker;
		this.#compositor.setSpeaker(speaker);
		this.#changes = new ChangeWatch({ changed: events.changed });
		const preview = new Preview({ feedPath, webinarId: scene.webinarId }, { log, clock });
		this.#preview = preview;
		const coded = (record: Buffer) => {
			events.coded(record);
			preview.onCoded(record);
		};
		this.#encoder = new Encoder({ socketDir: runDir, encoder, ladder }, { log, events: { ...events, coded } });
		this.setBrand(brand);
		this.#scene = scene;
		this.setScene(scene);
		this.#programmeClock = new ProgrammeClock({
			clock,
			events: {
				tick: (number, atMs, behind) => this.#tick(number, atMs - MIN_PLAYOUT_DELAY_MS, behind),
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
		if (scene.version < this.#scene.version) return;
		this.#scene = scene;
		const stay = new Map(scene.people.map((person) => [tileKey(person), person]));
		const gone = [...this.#sources].filter(([key]) => !stay.has(key));
		for (const [key, { personId, source }] of stay) {
			if (this.#sources.has(key)) continue;
			const options = { feedPath: this.#feedPath, request: { webinarId: scene.webinarId, personId, source } };
			this.#sources.set(key, new PersonSource(options, { log: this.#log, clock: this.#clock }));
		}
		this.#compositor.setScene(scene, (key) => this.#sources.get(key) as PersonSource);
		for (const [key, source] of gone) {
			source.close();
			this.#sources.delete(key);
		}
		this.#log.info({ version: scene.version, people: scene.people.length }, "scene");
	}

	setBrand(brand: Brand): void {
		this.#compositor.setBrand(brand);
	}

	/** It is composed the same for the audience, whether anybody watches the preview or not. */
	setPreviewWatched(watched: boolean): void {
		this.#preview.setWatched(watched);
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
		this.#preview.close();
		this.#compositor.close();
		for (const source of this.#sources.values()) source.close();
		this.#sources.clear();
	}

	#tick(number: number, captureMs: number, behind: number): void {
		const lateByMs = this.#clock.now() - captureMs - MIN_PLAYOUT_DELAY_MS;
		for (const source of this.#sources.values()) source.tick();
		this.#position ??= Math.round((captureMs * programmeFormat.sampleRate) / 1000);
		const sound = this.#mixer.mix(this.#sources.values(), this.#position);
		this.#preview.onSound(sound, this.#position);
		this.#position += programmeFormat.samplesPerTick;
		if (number % LOUDNESS_TICKS === 0) this.#hearLoudness();
		const repeat = this.#load.tick({ backlog: this.#encoder.backlog, behind, lateByMs });
		this.#shed(this.#load.shedding);
		const picture = repeat ? this.#compositor.picture : this.#compositor.draw(captureMs + HALF_TICK_MS);
		this.#encoder.push({ captureMs, picture, sound });
		if (!repeat) this.#changes.shown(this.#scene, this.#speaker, captureMs);
	}

	#shed(shedding: Shedding): void {
		this.#compositor.shed({
			transitions: sheds(shedding, "transitions"),
			smallTiles: sheds(shedding, "small-tiles"),
		});
		this.#encoder.setEffort({
			topRung: !sheds(shedding, "top-rung"),
			care: sheds(shedding, "quality") ? "low" : "full",
		});
	}

	#hearLoudness(): void {
		const levels = [...this.#sources.values()].map((source) => source.takeLoudness());
		if (levels.length > 0) this.#events.loudness(levels);
		const speaker = this.#activeSpeaker.hear(levels);
		if (speaker === this.#speaker) return;
		this.#speaker = speaker;
		this.#compositor.setSpeaker(speaker);
	}
}
