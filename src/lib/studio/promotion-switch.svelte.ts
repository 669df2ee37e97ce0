import { untrack } from "svelte";
import type { Promotion } from "../../../core/protocol/stage.ts";
import type { LinkState } from "./media-link.svelte.ts";

/**
 * `watching`; `raised`: the hand is up; `previewing`: the host accepted, and the person checks their devices; `going-live`:
 * HLS plays on while the stage is being connected; `on-stage`; `returning`: HLS is being brought back to the live edge.
 */
export type PromotionState = "watching" | "raised" | "previewing" | "going-live" | "on-stage" | "returning";

/** Once the person is on air themselves, the picture of the others is waited for no longer than this. */
const STAGE_PICTURE_WITHIN_MS = 3_000;
const LIVE_WITHIN_MS = 20_000;
/** From then on an HLS player that still loads is shown as what it is. */
const BACK_WITHIN_MS = 8_000;

export interface SwitchPlayer {
	readonly state: string;
	readonly muted: boolean;
	setMuted(muted: boolean): void;
	/** Plays, whatever it did before. */
	goLive(): void;
	pause(): void;
}

export interface SwitchEvents {
	readonly promotion: Promotion;
	raiseHand(raised: boolean): unknown;
	leaveStage(): unknown;
}

export interface SwitchPublisher {
	readonly state: LinkState;
	readonly problem: { readonly message: string } | null;
	start(stream: MediaStream): void;
	stop(): void;
}

export interface SwitchSubscriber {
	readonly receiving: boolean;
	start(): void;
	stop(): void;
}

interface PromotionSwitchOptions<P, S> {
	events: SwitchEvents;
	/** Undefined while the page shows no player. */
	player: () => SwitchPlayer | undefined;
	publisher: (token: string) => P;
	subscriber: (token: string) => S;
}

/**
 * A viewer's way to the stage and back. One rule: whatever fails on the way leaves a playing HLS player. So it is paused
 * only once the stage is there, and the stage is given up only once it plays again.
 */
export class PromotionSwitch<
	P extends SwitchPublisher = SwitchPublisher,
	S extends SwitchSubscriber = SwitchSubscriber,
> {
	state = $state<PromotionState>("watching");
	/** What went wrong the last time, in a sentence. */
	problem = $state<string | null>(null);
	publisher = $state.raw<P | null>(null);
	subscriber = $state.raw<S | null>(null);

	readonly #options: PromotionSwitchOptions<P, S>;
	readonly #stopEffect: () => void;
	#wasMuted = false;
	/** Of a visit or offer that the person has ended, until the server has heard of it. */
	#endedToken: string | null = null;
	/** The time allowed for the present step is over. */
	#overdue = $state(false);
	#deadline: ReturnType<typeof setTimeout> | undefined;
	#waitsForPicture = false;

	constructor(options: PromotionSwitchOptions<P, S>) {
		this.#options = options;
		this.#stopEffect = $effect.root(() => {
			$effect(() => this.update());
		});
	}

	/** The stage is to be shown rather than the player. */
	get showsStage(): boolean {
		return this.state === "on-stage" || this.state === "returning";
	}

	raiseHand(): void {
		this.problem = null;
		this.#options.events.raiseHand(true);
	}

	/** The preview is good: go on stage with it. */
	goLive(stream: MediaStream): void {
		const token = tokenOf(this.#options.events.promotion);
		if (this.state !== "previewing" || token === null) return;
		this.problem = null;
		this.publisher = this.#options.publisher(token);
		this.subscriber = this.#options.subscriber(token);
		this.publisher.start(stream);
		this.subscriber.start();
		this.#enter("going-live", LIVE_WITHIN_MS);
	}

	/** Back to the audience by the person's own wish: lowers the hand, declines the offer or ends the visit. */
	leave(): void {
		const { promotion } = this.#options.events;
		this.problem = null;
		this.#endedToken = tokenOf(promotion);
		if (promotion.state === "on-stage") this.#options.events.leaveStage();
		else this.#options.events.raiseHand(false);
		this.update();
	}

	close(): void {
		this.#stopEffect();
		clearTimeout(this.#deadline);
		this.#hangUp();
	}

	/** Moves on by what events, publisher, subscriber and player say now. Runs by itself whenever one of them changes. */
	update(): void {
		const { promotion } = this.#options.events;
		const publisherState = this.publisher?.state;
		const isReceiving = this.subscriber?.receiving ?? false;
		const playerState = this.#options.player()?.state;
		const overdue = this.#overdue;
		const { state } = this;
		untrack(() => {
			const token = tokenOf(promotion);
			if (token === null) this.#endedToken = null;
			const mayBeOnStage = token !== null && token !== this.#endedToken;
			if (state === "going-live") {
				if (!mayBeOnStage) this.#inAudience(promotion);
				else if (publisherState === "failed") this.#fail(promotion);
				else if (publisherState === "live") this.#whenLive(isReceiving || (this.#waitsForPicture && overdue));
				else if (overdue) this.#fail(promotion, "The connection to the stage did not come about in time.");
			} else if (state === "on-stage") {
				if (publisherState === "failed") this.problem = this.#publisherProblem();
				if (!mayBeOnStage || publisherState === "failed") this.#return();
			} else if (state === "returning") {
				const isBack = playerState === undefined || ["playing", "ended", "failed"].includes(playerState);
				if (isBack || overdue) this.#inAudience(promotion);
			} else this.#inAudience(promotion);
		});
	}

	#whenLive(isStageThere: boolean): void {
		if (!isStageThere) {
			if (!this.#waitsForPicture) this.#allow(STAGE_PICTURE_WITHIN_MS);
			this.#waitsForPicture = true;
			return;
		}
		const player = this.#options.player();
		this.#wasMuted = player?.muted ?? false;
		player?.setMuted(true);
		player?.pause();
		this.#enter("on-stage");
	}

	/** The player never stopped, and an offer that still stands can be tried again. */
	#fail(promotion: Promotion, reason = this.#publisherProblem()): void {
		this.problem = reason;
		this.#inAudience(promotion);
	}

	/** The person is off air at once; the others' picture stays until the player has its own. */
	#return(): void {
		this.publisher?.stop();
		this.#options.player()?.goLive();
		this.#enter("returning", BACK_WITHIN_MS);
	}

	#inAudience(promotion: Promotion): void {
		if (this.state === "returning") this.#options.player()?.setMuted(this.#wasMuted);
		this.#hangUp();
		const token = tokenOf(promotion);
		if (token !== null && token !== this.#endedToken) this.#enter("previewing");
		else this.#enter(promotion.state === "raised" ? "raised" : "watching");
	}

	#publisherProblem(): string {
		return this.publisher?.problem?.message ?? "The connection to the stage was lost.";
	}

	#hangUp(): void {
		this.publisher?.stop();
		this.subscriber?.stop();
		this.publisher = null;
		this.subscriber = null;
	}

	#enter(state: PromotionState, withinMs?: number): void {
		if (this.state === state) return;
		this.state = state;
		this.#waitsForPicture = false;
		this.#allow(withinMs);
	}

	#allow(withinMs: number | undefined): void {
		clearTimeout(this.#deadline);
		this.#overdue = false;
		if (withinMs === undefined) return;
		this.#deadline = setTimeout(() => {
			this.#overdue = true;
			this.update();
		}, withinMs);
	}
}

function tokenOf(promotion: Promotion): string | null {
	return "token" in promotion ? promotion.token : null;
}
