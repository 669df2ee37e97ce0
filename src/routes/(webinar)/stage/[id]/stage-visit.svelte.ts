import type { WebinarEvents } from "#lib/control/webinar-events.svelte.ts";
import type { CaptureDevices } from "#lib/studio/capture-devices.svelte.ts";
import { ScreenShare } from "#lib/studio/screen-share.svelte.ts";
import { StageSubscriber } from "#lib/studio/stage-subscriber.svelte.ts";
import { WhipPublisher } from "#lib/studio/whip-publisher.svelte.ts";

/** As many as fit on one screen beside one's own picture. */
const SLOTS = 6;

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
	readonly screen: ScreenShare;
	/** Set when the host ended the last visit, until the next one. */
	removed = $state(false);

	readonly #options: StageVisitOptions;

	constructor(options: StageVisitOptions) {
		this.#options = options;
		const { webinarId, token, events, devices } = options;
		this.screen = new ScreenShare({ url: `/whip/${webinarId}`, token, endings: events });
		$effect(() => {
			if (devices.stream) void this.publisher?.replaceStream(devices.stream);
		});
		$effect(() => {
			if (this.publisher?.problem?.code !== "removed") return;
			this.stop();
			this.removed = true;
		});
	}

	/** Under way or there; `publisher.state` tells which. */
	get isUp(): boolean {
		return this.publisher !== null && this.publisher.state !== "failed" && this.publisher.state !== "stopped";
	}

	start(): void {
		const { webinarId, token, devices, events: endings } = this.#options;
		if (!devices.stream || this.isUp) return;
		this.stop();
		this.removed = false;
		this.publisher = new WhipPublisher({ url: `/whip/${webinarId}`, token, source: "camera", endings });
		this.subscriber = new StageSubscriber({ url: `/whep/${webinarId}`, token, slotCount: SLOTS, endings });
		this.publisher.start(devices.stream);
		this.subscriber.start();
	}

	stop(): void {
		this.screen.stop();
		this.publisher?.stop();
		this.subscriber?.stop();
		this.publisher = null;
		this.subscriber = null;
	}
}
