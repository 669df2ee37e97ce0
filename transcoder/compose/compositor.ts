import type { Logger } from "pino";
import { type Brand, plainBrand } from "../../core/protocol/brand.ts";
import type { Scene } from "../../core/protocol/scene.ts";
import { pictureBytes, type Size } from "../programme-format.ts";
import { drawBackground, drawLogo, plainBackground } from "./brand-images.ts";
import { Caption } from "./caption.ts";
import { Studio } from "./drawing.ts";
import { copyRect, createI420, type I420 } from "./i420.ts";
import { MatrixKernel } from "./matrix-kernel.ts";
import { PicturePool, type PooledPicture } from "./picture-pool.ts";
import type { Rect } from "./placement.ts";
import { intersection } from "./rects.ts";
import { CornerMasks } from "./rounded.ts";
import { Seating } from "./seating.ts";
import { SlateLayer } from "./slate-layer.ts";
import { drawLowerThird, drawTitle } from "./text-captions.ts";
import { evenUp, type PlacedOverlay, unitOf } from "./text-scale.ts";
import type { TileSource } from "./tile.ts";
import { Tiles } from "./tiles.ts";

/** How far below its place a lower third comes from, on a canvas of 1080 lines. */
const LOWER_THIRD_SLIDE = 40;

/**
 * Draws the programme's picture: the people of the scene in its layout, or the slate when there is nobody. What changes its
 * place or comes and goes does so within `TRANSITION_MS` of the programme's time. Only what differs from the picture before
 * is drawn again.
 */
export class Compositor {
	readonly #log: Logger;
	readonly #studio = new Studio();
	readonly #canvas: I420;
	readonly #whole: Rect;
	readonly #pool: PicturePool;
	readonly #seating: Seating;
	readonly #tiles: Tiles;
	readonly #slate: SlateLayer;
	readonly #title = new Caption();
	readonly #lowerThird: Caption;
	readonly #logo = new Caption();
	#shown: { scene: Scene; sourceOf: (key: string) => TileSource } | undefined;
	#titleText: string | undefined;
	#lowerThirdText: string | undefined;
	#speaker: string | undefined;
	#brand: Brand = plainBrand;
	#background: I420;
	#shed = { transitions: false, smallTiles: false };
	/** Of the last picture; none before the first. */
	#captureMs = Number.NEGATIVE_INFINITY;
	/** All of the canvas must be drawn. */
	#stale = true;
	#picture: PooledPicture | undefined;

	constructor(canvas: Size, { log }: { log: Logger }) {
		this.#log = log.child({ component: "compositor" });
		this.#canvas = createI420(canvas.width, canvas.height);
		this.#whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
		this.#pool = new PicturePool(pictureBytes(canvas));
		this.#seating = new Seating(canvas);
		const kernel = new MatrixKernel();
		this.#tiles = new Tiles({ canvas, studio: this.#studio, masks: new CornerMasks(), kernel });
		this.#slate = new SlateLayer(this.#studio);
		this.#lowerThird = new Caption(evenUp(unitOf(canvas) * LOWER_THIRD_SLIDE));
		this.#background = plainBackground(this.#studio, plainBrand, canvas);
	}

	/** Moves to a scene. `sourceOf` is asked when somebody gets a place, and not used any more once they are not in the scene. */
	setScene(scene: Scene, sourceOf: (key: string) => TileSource): void {
		this.#shown = { scene, sourceOf };
		this.#arrange();
	}

	/** `tileKey` of who speaks. */
	setSpeaker(speaker: string | undefined): void {
		this.#speaker = speaker;
		this.#arrange();
	}

	/** Its images are decoded and drawn meanwhile, and come when they are ready. */
	setBrand(brand: Brand): void {
		this.#brand = brand;
		if (!brand.backgroundImage) this.#useBackground(plainBackground(this.#studio, brand, this.#canvas));
		this.#lowerThirdText = undefined;
		this.#arrange();
		void this.#loadImages(brand);
	}

	/** What is true is given up from the next picture on, and taken up again when it is false. */
	shed({ transitions, smallTiles }: { transitions: boolean; smallTiles: boolean }): void {
		this.#shed = { transitions, smallTiles };
	}

	/** The picture drawn last. Valid until the next call, unless it is retained. */
	get picture(): PooledPicture {
		this.#picture ??= this.#pool.copyOf(this.#canvas.bytes);
		return this.#picture;
	}

	/** The picture of that moment, the same object while nothing changes. Valid until the next call, unless it is retained. */
	draw(captureMs: number): PooledPicture {
		this.#captureMs = captureMs;
		for (const area of this.#update(captureMs)) {
			const part = intersection(area, this.#whole);
			if (!part) continue;
			this.#paint(part);
			this.#forgetPicture();
		}
		return this.picture;
	}

	close(): void {
		this.#shown = undefined;
		this.#tiles.close();
	}

	/** Returns the areas that look different than before; they may reach beyond the canvas. */
	#update(captureMs: number): Rect[] {
		const slateChanged = this.#slate.update(captureMs, this.#background, this.#brand);
		const tiles = this.#tiles.update(captureMs, this.#shed.smallTiles);
		const captions = this.#captions.flatMap((caption) => caption.update(captureMs));
		const everywhere = this.#stale || slateChanged || tiles === "everywhere";
		this.#stale = false;
		return everywhere ? [this.#whole] : [...tiles, ...captions];
	}

	#paint(area: Rect): void {
		if (!this.#slate.hides) {
			const tiles = this.#tiles.layers;
			const lowest = tiles.findLastIndex((tile) => tile.hides(area));
			if (lowest < 0) copyRect(this.#background, area.x, area.y, this.#canvas, area);
			for (const tile of tiles.slice(Math.max(0, lowest))) tile.paint(this.#canvas, area);
		}
		this.#slate.paint(this.#canvas, area);
		for (const caption of this.#captions) caption.paint(this.#canvas, area);
	}

	get #captions(): Caption[] {
		return [this.#title, this.#logo, this.#lowerThird];
	}

	/** Whether there is no picture before it to move from, or no time to do so. */
	get #jump(): boolean {
		return this.#shed.transitions || this.#captureMs === Number.NEGATIVE_INFINITY;
	}

	#arrange(): void {
		if (!this.#shown) return;
		const { scene, sourceOf } = this.#shown;
		const { people } = scene;
		const placements = this.#seating.layOut(scene, this.#speaker);
		const motion = { jump: this.#jump, hidden: this.#slate.hides };
		const arrangement = { placements, people, speaker: this.#speaker, brand: this.#brand, sourceOf };
		this.#tiles.arrange(arrangement, this.#captureMs, motion);
		const isEmpty = placements.length === 0;
		this.#slate.set(scene, isEmpty, this.#captureMs, motion.jump);
		this.#setTitle(scene.titleShown && !isEmpty ? scene.title : undefined);
		this.#setLowerThird(scene.lowerThird);
	}

	#setTitle(title: string | undefined): void {
		if (title === this.#titleText) return;
		this.#titleText = title;
		this.#show(this.#title, title ? drawTitle(this.#studio, title, this.#canvas) : undefined);
	}

	#setLowerThird(lowerThird: Scene["lowerThird"]): void {
		const text = JSON.stringify(lowerThird);
		if (text === this.#lowerThirdText) return;
		this.#lowerThirdText = text;
		const drawn = lowerThird && drawLowerThird(this.#studio, lowerThird, this.#canvas, this.#brand);
		this.#show(this.#lowerThird, drawn ?? undefined);
	}

	#show(caption: Caption, placed: PlacedOverlay | undefined): void {
		caption.show(placed, this.#captureMs, this.#jump);
	}

	async #loadImages(brand: Brand): Promise<void> {
		const [background, logo] = await Promise.all([
			drawBackground(this.#studio, brand, this.#canvas, this.#log),
			drawLogo(this.#studio, brand, this.#canvas, this.#log),
		]);
		if (brand !== this.#brand) return; // another one came meanwhile
		if (brand.backgroundImage) this.#useBackground(background ?? plainBackground(this.#studio, brand, this.#canvas));
		this.#show(this.#logo, logo);
	}

	#useBackground(background: I420): void {
		this.#background = background;
		this.#stale = true;
	}

	#forgetPicture(): void {
		this.#picture?.release();
		this.#picture = undefined;
	}
}
