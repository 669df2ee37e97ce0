/** From a page's disappearing on, a browser may pause its video of its own accord. */
const PAUSED_BY_BROWSER_MS = 1000;
/** Timers of hidden pages wait for a second, and after some minutes for one: only what is longer was no timer's fault. */
const SLEPT_MS = 75_000;
/** While the page is in sight nothing but sleep holds a timer for so long. */
const SLEPT_IN_SIGHT_MS = 5000;

interface PagePresenceEvents {
	/** On a device whose screen shows one page at a time, it is another one or none now. */
	hidden(): void;
	visible(): void;
	/** The network is back, as far as the browser can tell. */
	online(): void;
}

/** Whether somebody can see the page, and what happens to it meanwhile: phones that are locked, laptops that are closed. */
export class PagePresence {
	readonly #ending = new AbortController();
	#hiddenAtMs = Number.NEGATIVE_INFINITY;
	#lookedAtMs = Date.now();
	#wasHidden = document.hidden;

	constructor(events: PagePresenceEvents) {
		const { signal } = this.#ending;
		const isHandheld = matchMedia("(pointer: coarse)").matches;
		document.addEventListener(
			"visibilitychange",
			() => {
				if (!document.hidden) return events.visible();
				this.#hiddenAtMs = performance.now();
				if (isHandheld) events.hidden();
			},
			{ signal },
		);
		addEventListener("online", () => events.online(), { signal });
	}

	/** A pause now is not the viewer's. */
	get isJustHidden(): boolean {
		return document.hidden && performance.now() - this.#hiddenAtMs < PAUSED_BY_BROWSER_MS;
	}

	/** Whether the machine slept since the last look. To be called a few times a second, with nothing but sleep in between. */
	hasSlept(): boolean {
		const passedMs = Date.now() - this.#lookedAtMs;
		const couldBeHeldBack = document.hidden || this.#wasHidden;
		this.#lookedAtMs = Date.now();
		this.#wasHidden = document.hidden;
		return passedMs > (couldBeHeldBack ? SLEPT_MS : SLEPT_IN_SIGHT_MS);
	}

	close(): void {
		this.#ending.abort();
	}
}
