import { blendRect, coverageOf, type I420 } from "./i420.ts";
import { Motion } from "./motion.ts";
import type { Rect } from "./placement.ts";
import { intersection } from "./rects.ts";
import type { PlacedOverlay } from "./text-scale.ts";

interface Shown {
	placed: PlacedOverlay;
	motion: Motion<{ opacity: number; below: number }>;
	leaving: boolean;
}

/** Something that comes and goes over the picture: it fades, and slides up from `slide` pixels (even) below. */
export class Caption {
	readonly #slide: number;
	#shown: Shown[] = [];

	constructor(slide = 0) {
		this.#slide = slide;
	}

	/** It takes the place of what was there. */
	show(placed: PlacedOverlay | undefined, atMs: number, jump: boolean): void {
		const hidden = { opacity: 0, below: this.#slide };
		for (const shown of this.#shown) {
			if (shown.leaving) continue;
			shown.leaving = true;
			move(shown, hidden, atMs, jump);
		}
		if (!placed) return;
		const arriving = { placed, motion: new Motion(hidden), leaving: false };
		move(arriving, { opacity: 1, below: 0 }, atMs, jump);
		this.#shown.push(arriving);
	}

	/** Moves to that moment. Returns the areas that look different than before. */
	update(atMs: number): Rect[] {
		const changed = this.#shown.filter(({ motion }) => motion.advance(atMs));
		this.#shown = this.#shown.filter(({ leaving, motion }) => !leaving || motion.moves);
		return changed.map(({ placed: { overlay, x, y } }) => {
			const { width, height } = overlay.image;
			return { x, y, width, height: height + this.#slide };
		});
	}

	/** Draws what lies within `clip`. */
	paint(to: I420, clip: Rect): void {
		for (const { placed, motion } of this.#shown) {
			const { opacity, below } = motion.now;
			const { image } = placed.overlay;
			const { width, height } = image;
			const top = placed.y + Math.round(below / 2) * 2;
			const part = intersection({ x: placed.x, y: top, width, height }, clip);
			if (!part) continue;
			const at = { x: part.x - placed.x, y: part.y - top };
			const cover = { coverage: coverageOf(placed.overlay), ...at };
			blendRect({ planes: image, ...at }, cover, to, part, opacity);
		}
	}
}

function move({ motion }: Shown, to: { opacity: number; below: number }, atMs: number, jump: boolean): void {
	if (jump) motion.jumpTo(to);
	else motion.moveTo(to, atMs);
}
