import type { Frame } from "node-av/lib";
import type { Brand } from "../../core/protocol/brand.ts";
import type { ScenePerson } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import { createProgrammeFrame, planesOf } from "./av-frame.ts";
import { colourOf } from "./colour.ts";
import type { Studio } from "./drawing.ts";
import { blendRect, copyRect, coverageOf, type I420, type Overlay } from "./i420.ts";
import type { MatrixKernel } from "./matrix-kernel.ts";
import { drawable, Motion } from "./motion.ts";
import type { Placement, Rect } from "./placement.ts";
import { bodyOf, contains, cornersOf, intersection, sameRect } from "./rects.ts";
import { areasOf, paintRing, type Ring } from "./ring.ts";
import type { CornerMasks } from "./rounded.ts";
import { drawLabel } from "./text-label.ts";
import { drawPlaceholder } from "./text-placeholder.ts";
import { evenUp, labelMargin, unitOf } from "./text-scale.ts";
import { TilePicture } from "./tile-picture.ts";

/** A person's pictures as a tile takes them. */
export interface TileSource {
	/** The newest captured until then, the same object while it stays the newest; valid until the next call. */
	pictureAt(captureMs: number): { frame: Frame; captureMs: number } | undefined;
}

/** What all tiles of a canvas share. */
export interface TileTools {
	canvas: Size;
	studio: Studio;
	masks: CornerMasks;
	kernel: MatrixKernel;
}

/** Without a new picture for so long, the last one gives way to the placeholder. */
const VIDEO_LOST_MS = 2000;
/** Of the ring around who speaks, for a canvas of 1080 lines. */
const RING_WIDTH = 6;

/** One person's picture on the canvas, on its way from place to place, with its name and the ring around it. */
export class Tile {
	readonly #source: TileSource;
	readonly #tools: TileTools;
	readonly #picture: TilePicture;
	readonly #place: Motion<Rect & { radius: number }>;
	readonly #opacity = new Motion({ tile: 0, ring: 0 });
	#person: ScenePerson;
	#placement: Placement;
	#brand: Brand;
	#label: Overlay | undefined;
	#placeholder: Frame | undefined;
	/** What its source has now, null for nothing; undefined: it must be drawn anew. */
	#newest: object | null | undefined;
	#showsPlaceholder = false;
	/** Where it stands now, ready to be drawn. */
	#rect: Rect & { radius: number };
	#leaving = false;

	/** It is seen from the next `arrive` on. */
	constructor(
		{ person, placement, brand }: { person: ScenePerson; placement: Placement; brand: Brand },
		{ source, tools }: { source: TileSource; tools: TileTools },
	) {
		this.#person = person;
		this.#placement = placement;
		this.#brand = brand;
		this.#source = source;
		this.#tools = tools;
		this.#picture = new TilePicture(tools.kernel);
		this.#place = new Motion({ ...placement.rect, radius: placement.radius });
		this.#rect = drawable(this.#place.now);
	}

	/** Its final place. */
	get placement(): Placement {
		return this.#placement;
	}

	get rect(): Rect {
		return this.#rect;
	}

	/** It left, and is not seen any more. */
	get gone(): boolean {
		return this.#leaving && !this.#opacity.moves;
	}

	/** Goes there, and shows that person. `speaks`: with the ring. `jump`: without a transition. */
	go(
		to: { person: ScenePerson; placement: Placement; brand: Brand; speaks: boolean },
		atMs: number,
		jump: boolean,
	): void {
		const { person, placement, brand, speaks } = to;
		const resized =
			placement.rect.width !== this.#placement.rect.width || placement.rect.height !== this.#placement.rect.height;
		const renamed = person.name !== this.#person.name || person.title !== this.#person.title;
		if (resized || renamed || brand !== this.#brand) this.#forgetCards();
		const { rect, radius } = placement;
		const target = this.#place.target;
		if (!sameRect(rect, target) || radius !== target.radius) move(this.#place, { ...rect, radius }, atMs, jump);
		if (placement.fit !== this.#placement.fit || placement.labelled !== this.#placement.labelled)
			this.#newest = undefined;
		this.#person = person;
		this.#placement = placement;
		this.#brand = brand;
		const ring = speaks ? 1 : 0;
		if (this.#opacity.target.ring !== ring || this.#opacity.target.tile !== 1)
			move(this.#opacity, { tile: 1, ring }, atMs, jump);
	}

	/** It is there at once, however it was to arrive. */
	appear(): void {
		this.#opacity.jumpTo({ tile: 1, ring: this.#opacity.target.ring });
	}

	/** Fades with what it shows now. Its source is not asked any more. */
	leave(atMs: number, jump: boolean): void {
		this.#leaving = true;
		move(this.#opacity, { tile: 0, ring: 0 }, atMs, jump);
	}

	/**
	 * Moves to that moment. Returns the areas that look different than before, "everywhere" when it moved.
	 * `hold`: a newer picture may wait.
	 */
	update(captureMs: number, hold: boolean): Rect[] | "everywhere" {
		const moved = this.#place.advance(captureMs);
		const ringBefore = this.#opacity.now.ring;
		const faded = this.#opacity.advance(captureMs);
		if (this.#leaving) return faded ? this.#areas(true) : [];
		if (moved) this.#rect = drawable(this.#place.now);
		const renewed = this.#renew(captureMs, hold && !moved && !faded);
		if (moved) return "everywhere";
		const ringChanged = this.#opacity.now.ring !== ringBefore;
		return renewed || faded ? this.#areas(ringChanged) : [];
	}

	/** Whether nothing is seen through it there. */
	hides(area: Rect): boolean {
		if (this.#opacity.now.tile < 1 || !contains(this.#rect, area)) return false;
		return cornersOf(this.#rect, this.#rect.radius).every((corner) => !intersection(corner, area));
	}

	/** Draws what lies within `clip`. */
	paint(to: I420, clip: Rect): void {
		const { tile: opacity, ring } = this.#opacity.now;
		const { image } = this.#picture;
		const { x, y, radius } = this.#rect;
		if (opacity > 0 && image?.width === this.#rect.width && image.height === this.#rect.height) {
			for (const body of bodyOf(this.#rect, radius)) {
				const part = intersection(body, clip);
				if (!part) continue;
				if (opacity === 1) copyRect(image, part.x - x, part.y - y, to, part);
				else blendRect({ planes: image, x: part.x - x, y: part.y - y }, undefined, to, part, opacity);
			}
			const masks = this.#tools.masks.of(radius);
			for (const [index, corner] of cornersOf(this.#rect, radius).entries()) {
				const part = intersection(corner, clip);
				const mask = masks[index];
				if (!part || !mask) continue;
				const from = { planes: image, x: part.x - x, y: part.y - y };
				blendRect(from, { coverage: mask, x: part.x - corner.x, y: part.y - corner.y }, to, part, opacity);
			}
			this.#paintLabel(to, clip, opacity);
		}
		if (ring > 0) paintRing(this.#ring(), colourOf(this.#brand.accent), ring, to, clip);
	}

	close(): void {
		this.#forgetCards();
		this.#picture.close();
	}

	/** Takes what this moment shows, in the size of this moment. Returns whether it differs. */
	#renew(captureMs: number, hold: boolean): boolean {
		const { image } = this.#picture;
		const resized = image?.width !== this.#rect.width || image.height !== this.#rect.height;
		if (hold && !resized && this.#newest && this.#person.video) return false;
		const picture = this.#person.video ? this.#source.pictureAt(captureMs) : undefined;
		const newest = picture && captureMs - picture.captureMs < VIDEO_LOST_MS ? picture : null;
		if (newest === this.#newest && !resized) return false;
		const drawn = this.#newest !== undefined && !resized;
		this.#newest = newest;
		if (newest && this.#picture.show(newest.frame, this.#rect, this.#placement.fit)) {
			this.#showsPlaceholder = false;
			return true;
		}
		if (this.#showsPlaceholder && drawn) return false;
		this.#showsPlaceholder = true;
		this.#picture.show(this.#placeholderFrame(), this.#rect, "cover");
		return true;
	}

	#placeholderFrame(): Frame {
		if (this.#placeholder) return this.#placeholder;
		const { width, height } = this.#placement.rect;
		const { canvas, studio } = this.#tools;
		const image = drawPlaceholder(studio, this.#person, { width, height }, canvas, this.#brand);
		this.#placeholder = createProgrammeFrame(width, height);
		copyRect(image, 0, 0, planesOf(this.#placeholder), { x: 0, y: 0, width, height });
		return this.#placeholder;
	}

	#paintLabel(to: I420, clip: Rect, opacity: number): void {
		if (!this.#placement.labelled || this.#showsPlaceholder) return;
		const { canvas, studio } = this.#tools;
		this.#label ??= drawLabel(studio, this.#person, this.#placement.rect, canvas);
		const { image } = this.#label;
		const margin = labelMargin(canvas);
		const x = this.#rect.x + margin;
		const y = this.#rect.y + this.#rect.height - margin - image.height;
		const within = intersection(this.#rect, clip);
		const part = within && intersection({ x, y, width: image.width, height: image.height }, within);
		if (!part) return;
		const at = { x: part.x - x, y: part.y - y };
		blendRect({ planes: image, ...at }, { coverage: coverageOf(this.#label), ...at }, to, part, opacity);
	}

	#areas(withRing: boolean): Rect[] {
		const own = [...bodyOf(this.#rect, this.#rect.radius), ...cornersOf(this.#rect, this.#rect.radius)];
		return withRing ? [...own, ...areasOf(this.#ring())] : own;
	}

	#ring(): Ring {
		return { rect: this.#rect, radius: this.#rect.radius, width: evenUp(unitOf(this.#tools.canvas) * RING_WIDTH) };
	}

	#forgetCards(): void {
		this.#label = undefined;
		this.#placeholder?.free();
		this.#placeholder = undefined;
		this.#newest = undefined;
	}
}

function move<Numbers extends { [key in keyof Numbers]: number }>(
	motion: Motion<Numbers>,
	to: Numbers,
	atMs: number,
	jump: boolean,
): void {
	if (jump) motion.jumpTo(to);
	else motion.moveTo(to, atMs);
}
