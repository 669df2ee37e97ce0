import { type Frame, SoftwareScaleContext } from "node-av/lib";
import { createProgrammeFrame, planesOf } from "./av-frame.ts";
import { drawLabel, drawPlaceholder } from "./cards.ts";
import type { Studio } from "./drawing.ts";
import type { Rect } from "./grid.ts";
import { blend, type Colour, copyRect, fillRect, type I420, type Overlay } from "./i420.ts";

/** A person's pictures as a tile takes them. */
export interface TileSource {
	/** The newest captured until then, the same object while it stays the newest; valid until the next call. */
	pictureAt(captureMs: number): { frame: Frame; captureMs: number } | undefined;
}

/** Without a new picture for so long, the last one gives way to the placeholder. */
const VIDEO_LOST_MS = 2000;
/** A camera may lose this much of its picture so that the tile is full; one with more to lose (a phone held upright) is shown whole. */
const MAX_CROPPED = 0.35;
const LABEL_MARGIN = 12;
const BLACK: Colour = [16, 128, 128];

/** One person's place on the canvas. */
export class Tile {
	readonly #source: TileSource;
	readonly #studio: Studio;
	readonly #scaler = new SoftwareScaleContext();
	#name: string;
	#rect: Rect;
	#target: Frame | undefined;
	#label: Overlay | undefined;
	#placeholder: I420 | undefined;
	/** The picture on the canvas now; null is the placeholder. */
	#drawn: object | null | undefined;

	constructor(
		{ name, rect }: { name: string; rect: Rect },
		{ source, studio }: { source: TileSource; studio: Studio },
	) {
		this.#name = name;
		this.#rect = rect;
		this.#source = source;
		this.#studio = studio;
		this.#scaler.allocContext();
	}

	/** It must be drawn anew, there and under that name. */
	place(name: string, rect: Rect): void {
		if (name !== this.#name || rect.width !== this.#rect.width || rect.height !== this.#rect.height) {
			this.#label = undefined;
			this.#placeholder = undefined;
			this.#freeTarget();
		}
		this.#name = name;
		this.#rect = rect;
		this.#drawn = undefined;
	}

	/** Draws what this moment shows, unless it is there already. Returns whether the canvas changed. */
	draw(canvas: I420, captureMs: number): boolean {
		const picture = this.#source.pictureAt(captureMs);
		const shown = picture && captureMs - picture.captureMs < VIDEO_LOST_MS ? picture : null;
		if (shown === this.#drawn) return false;
		this.#drawn = shown;
		if (!shown || !this.#drawFrame(canvas, shown.frame)) this.#drawPlaceholder(canvas);
		return true;
	}

	close(): void {
		this.#freeTarget();
		this.#scaler.freeContext();
	}

	#drawPlaceholder(canvas: I420): void {
		const { width, height } = this.#rect;
		this.#placeholder ??= drawPlaceholder(this.#studio, this.#name, width, height);
		copyRect(this.#placeholder, 0, 0, canvas, this.#rect);
	}

	/** False when swscale cannot make anything of it. */
	#drawFrame(canvas: I420, frame: Frame): boolean {
		const { x, y, width, height } = this.#rect;
		const size = scaledSize(frame.width, frame.height, width, height);
		if (this.#target?.width !== size.width || this.#target.height !== size.height) {
			this.#freeTarget();
			this.#target = createProgrammeFrame(size.width, size.height);
		}
		if (this.#scaler.scaleFrameSync(this.#target, frame) < 0) return false;
		const visible = { width: Math.min(width, size.width), height: Math.min(height, size.height) };
		const left = evenHalf(width - visible.width);
		const top = evenHalf(height - visible.height);
		if (left > 0 || top > 0) fillRect(canvas, this.#rect, BLACK);
		const cropX = evenHalf(size.width - visible.width);
		const cropY = evenHalf(size.height - visible.height);
		copyRect(planesOf(this.#target), cropX, cropY, canvas, { x: x + left, y: y + top, ...visible });
		this.#label ??= drawLabel(this.#studio, this.#name, width);
		blend(this.#label, canvas, x + LABEL_MARGIN, y + height - LABEL_MARGIN - this.#label.image.height);
		return true;
	}

	#freeTarget(): void {
		this.#target?.free();
		this.#target = undefined;
	}
}

/** Size of the whole picture, in its own proportions, so that it covers the tile, or fits into it when that would hide too much. */
export function scaledSize(
	width: number,
	height: number,
	tileWidth: number,
	tileHeight: number,
): { width: number; height: number } {
	const cover = Math.max(tileWidth / width, tileHeight / height);
	const visible = (tileWidth * tileHeight) / (width * cover * height * cover);
	const scale = visible >= 1 - MAX_CROPPED ? cover : Math.min(tileWidth / width, tileHeight / height);
	return { width: evenAtLeast2(width * scale), height: evenAtLeast2(height * scale) };
}

function evenAtLeast2(value: number): number {
	return Math.max(2, Math.round(value / 2) * 2);
}

function evenHalf(value: number): number {
	return Math.floor(value / 4) * 2;
}
