import type { WebinarEvents } from "#lib/control/webinar-events.svelte.ts";
import type { CaptureDevices } from "#lib/studio/capture-devices.svelte.ts";
import { StageSubscriber } from "#lib/studio/stage-subscriber.svelte.ts";
import { WhipPublisher } from "#lib/studio/whip-publisher.svelte.ts";

/** As many as fit on one screen beside one's own picture. */
const SLOTS = 6;
/** The end of our connection and the news that we are off stage come by two ways, in either order. */
const SAME_MOMENT_MS = 2500;

interface StageVisitOptions {
	webinarId: string;
	/** A presenter's or host's. */
	token: string;
	events: WebinarEvents;
	devices: CaptureDevices;
}

/** An invited presenter's way onto the stage and off it. To be made while a component is being set up. */
export class StageVisit {
	publisher = $state.raw<WhipPublisher | null>(null);
	subscriber = $state.raw<StageSubscriber | null>(null);
	/** Set when the host ended the last visit, until the next one. */
	removed = $state(false);

	readonly #options: StageVisitOptions;
	#wasListed = false;
	#liveUntilMs = Number.NEGATIVE_INFINITY;

	constructor(options: StageVisitOptions) {
		this.#options = options;
		const { events, devices } = options;
		$effect(() => {
			if (devices.stream) void this.publisher?.replaceStream(devices.stream);
		});
		$effect(() => {
			if (this.publisher?.state !== "live") return;
			return () => {
				this.#liveUntilMs = performance.now();
			};
		});
		$effect(() => this.#watchForRemoval(events));
	}

	/** Under way or there; `publisher.state` tells which. */
	get isUp(): boolean {
		return this.publisher !== null && this.publisher.state !== "failed" && this.publisher.state !== "stopped";
	}

	start(): void {
		const { webinarId, token, devices } = this.#options;
		if (!devices.stream || this.isUp) return;
		this.stop();
		this.removed = false;
		this.publisher = new WhipPublisher({ url: `/whip/${webinarId}`, token });
		this.subscriber = new StageSubscriber({ url: `/whep/${webinarId}`, token, slotCount: SLOTS });
		this.publisher.start(devices.stream);
		this.subscriber.start();
	}

	stop(): void {
		this.publisher?.stop();
		this.subscriber?.stop();
		this.publisher = null;
		this.subscriber = null;
		this.#wasListed = false;
	}

	/**
	 * A connection of ours that breaks is made anew, and must not be when it was the host who ended it. Whoever just lost
	 * their network is struck off the list only long after their own side has noticed.
	 */
	#watchForRemoval(events: WebinarEvents): void {
		const listed = events.stage.people.some(({ personId }) => personId === events.you?.personId);
		const wasListed = this.#wasListed;
		this.#wasListed = listed;
		if (!wasListed || listed || !this.publisher || events.status !== "open") return;
		const wasLive = this.publisher.state === "live" || performance.now() - this.#liveUntilMs < SAME_MOMENT_MS;
		if (!wasLive) return;
		this.stop();
		this.removed = true;
	}
}
