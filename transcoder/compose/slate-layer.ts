import type { Brand } from "../../core/protocol/brand.ts";
import type { Scene, Slate } from "../../core/protocol/scene.ts";
import type { Studio } from "./drawing.ts";
import { blendRect, copyRect, type I420 } from "./i420.ts";
import { Motion } from "./motion.ts";
import type { Rect } from "./placement.ts";
import { drawSlate, slateSecondsLeft } from "./slate-card.ts";

/** The slate over all of the canvas, while there is nobody to show. */
export class SlateLayer {
	readonly #studio: Studio;
	readonly #opacity = new Motion({ slate: 0 });
	#shown: { title: string; slate: Slate } | undefined;
	#drawn: { background: I420; brand: Brand; title: string; words: string; image: I420 } | undefined;

	constructor(studio: Studio) {
		this.#studio = studio;
	}

	/** Whether nothing else is seen. */
	get hides(): boolean {
		return this.#opacity.now.slate === 1;
	}

	/** The slate of `scene` comes, or goes when `shown` is false. */
	set({ title, slate }: Scene, shown: boolean, atMs: number, jump: boolean): void {
		if (shown) this.#shown = { title, slate };
		const to = { slate: shown ? 1 : 0 };
		if (to.slate === this.#opacity.target.slate) return;
		if (jump) this.#opacity.jumpTo(to);
		else this.#opacity.moveTo(to, atMs);
	}

	/** Moves to that moment. Returns whether the canvas looks different than before. */
	update(captureMs: number, background: I420, brand: Brand): boolean {
		const faded = this.#opacity.advance(captureMs);
		const isSeen = this.#opacity.now.slate > 0;
		// One that goes keeps its countdown.
		const isStale = this.#shown !== undefined && (this.#opacity.target.slate === 1 || !this.#drawn);
		if (!isSeen || !isStale) return faded;
		return this.#draw(captureMs, background, brand) || faded;
	}

	/** Draws what lies within `clip`. */
	paint(to: I420, clip: Rect): void {
		const opacity = this.#opacity.now.slate;
		if (opacity === 0 || !this.#drawn) return;
		const { image } = this.#drawn;
		if (opacity === 1) copyRect(image, clip.x, clip.y, to, clip);
		else blendRect({ planes: image, x: clip.x, y: clip.y }, undefined, to, clip, opacity);
	}

	/** Unless it is drawn already. Returns whether it was not. */
	#draw(captureMs: number, background: I420, brand: Brand): boolean {
		if (!this.#shown) return false;
		const { title, slate } = this.#shown;
		const secondsLeft = slateSecondsLeft(slate, captureMs);
		const words = `${slate.kind} ${secondsLeft}`;
		const { background: oldBackground, brand: oldBrand, title: oldTitle, words: oldWords } = this.#drawn ?? {};
		if (oldBackground === background && oldBrand === brand && oldTitle === title && oldWords === words) return false;
		const image = drawSlate(this.#studio, { title, slate, secondsLeft }, background, brand);
		this.#drawn = { background, brand, title, words, image };
		return true;
	}
}
