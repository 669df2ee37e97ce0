import { EventEmitter } from "node:events";
import type { Registry } from "prom-client";
import type { Audience, PlaybackAdvice, PlaybackReport } from "../../core/protocol/playback.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Webinars } from "../webinars.ts";
import { LatencyFloor } from "./latency-floor.ts";
import { createPlaybackMetrics, type PlaybackMetrics } from "./playback-metrics.ts";
import { ViewerReports } from "./viewer-reports.ts";

const COUNT_INTERVAL_MS = 5000;

const nobody: Audience = {
	viewers: 0,
	startUpMs: null,
	latencyMs: null,
	stalledShare: 0,
	rungs: [],
	latencyFloorMs: 0,
};

interface LiveAudience {
	reports: ViewerReports;
	floor: LatencyFloor;
	/** As counted last. */
	audience: Audience;
}

type AudiencesEvents = {
	/** It is not as it was a few seconds ago. */
	changed: [webinarId: string, audience: Audience];
};

/** How the programmes of live webinars reach their audiences, as the viewers' players report it. */
export class Audiences extends EventEmitter<AudiencesEvents> {
	readonly #live = new Map<string, LiveAudience>();
	readonly #webinars: Webinars;
	readonly #clock: Clock;
	readonly #metrics: PlaybackMetrics;
	readonly #counting: NodeJS.Timeout;

	constructor({ webinars, clock, metrics }: { webinars: Webinars; clock: Clock; metrics: Registry }) {
		super();
		this.#webinars = webinars;
		this.#clock = clock;
		this.#metrics = createPlaybackMetrics(metrics, () => [...this.#live.values()].map(({ audience }) => audience));
		this.#counting = setInterval(() => this.#count(), COUNT_INTERVAL_MS);
		webinars.on("changed", ({ id, state }) => {
			if (state !== "live") this.#live.delete(id);
		});
	}

	/** @throws AppError webinar-unknown, webinar-not-live, webinar-ended */
	async report(webinarId: string, report: PlaybackReport): Promise<PlaybackAdvice> {
		const { reports, floor } = this.#live.get(webinarId) ?? (await this.#open(webinarId));
		this.#metrics.observe(report, reports.take(report, this.#clock.now()));
		return { nextInMs: reports.intervalMs, latencyFloorMs: floor.floorMs };
	}

	/** As counted some seconds ago. */
	audienceOf(webinarId: string): Audience {
		return this.#live.get(webinarId)?.audience ?? nobody;
	}

	close(): void {
		clearInterval(this.#counting);
	}

	/** Asks the store, which no report after the first has to. */
	async #open(webinarId: string): Promise<LiveAudience> {
		const { state } = await this.#webinars.get(webinarId);
		if (state !== "live") throw new AppError(state === "ended" ? "webinar-ended" : "webinar-not-live");
		const live = this.#live.get(webinarId) ?? {
			reports: new ViewerReports(),
			floor: new LatencyFloor(),
			audience: nobody,
		};
		this.#live.set(webinarId, live);
		return live;
	}

	#count(): void {
		const nowMs = this.#clock.now();
		for (const [webinarId, live] of this.#live) {
			const { reports, floor } = live;
			const figures = reports.count(nowMs);
			floor.judge({ ...figures, nowMs, intervalMs: reports.intervalMs });
			const audience = { ...figures, latencyFloorMs: floor.floorMs };
			const isNews = JSON.stringify(audience) !== JSON.stringify(live.audience);
			live.audience = audience;
			if (isNews) this.emit("changed", webinarId, audience);
			if (audience.viewers === 0 && audience.latencyFloorMs === 0) this.#live.delete(webinarId);
		}
	}
}
