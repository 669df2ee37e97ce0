import { setImmediate } from "node:timers/promises";
import type { Canvas, SKRSContext2D } from "@napi-rs/canvas";
import { imageOf, overlayOf } from "./drawing-pixels.ts";
import { Fonts } from "./fonts.ts";
import { copyRect, createI420, type I420, type Overlay } from "./i420.ts";
import { createCanvas } from "./text-canvas.ts";
import { readable } from "./text-readable.ts";

export type Drawing = SKRSContext2D;

/** Even. Of 1920 pixels, so many take a few milliseconds. */
const BAND_ROWS = 120;

/** Draws text and shapes, and turns them into I420. One is enough for a process. */
export class Studio {
	readonly #fonts = new Fonts();

	/** A text of anybody's as it can be drawn (see `readable`). */
	readable(text: string): string {
		return readable(text, this.#fonts);
	}

	/** A CSS font with the letters of a readable text, of `size` pixels. */
	font(text: string, size: number, weight: number): string {
		return `${weight} ${size}px ${this.#fonts.familiesOf(text)}`;
	}

	/** Asks about texts; what is drawn is lost. */
	measure<Result>(ask: (to: Drawing) => Result): Result {
		return ask(drawingOn(createCanvas(2, 2)));
	}

	/** An opaque image; `draw` is called for each band of it. Width and height even. */
	image(width: number, height: number, draw: (to: Drawing) => void): I420 {
		const image = createI420(width, height);
		for (const _ of drawInBands(image, draw));
		return image;
	}

	/** The same for much to draw: ticks come between the bands. */
	async imageInBands(width: number, height: number, draw: (to: Drawing) => void): Promise<I420> {
		const image = createI420(width, height);
		for (const _ of drawInBands(image, draw)) await setImmediate();
		return image;
	}

	/** An image with transparency. Width and height even. */
	overlay(width: number, height: number, draw: (to: Drawing) => void): Overlay {
		const context = drawingOn(createCanvas(width, height));
		draw(context);
		return overlayOf(context.getImageData(0, 0, width, height).data, { width, height });
	}
}

/** One after the other, yielding after each: all pixels at once are many megabytes that would have to be new every time. */
function* drawInBands(image: I420, draw: (to: Drawing) => void): Generator<void> {
	const { width, height } = image;
	const canvas = createCanvas(width, Math.min(BAND_ROWS, height));
	const context = drawingOn(canvas);
	for (let top = 0; top < height; top += BAND_ROWS) {
		context.save();
		context.translate(0, -top);
		draw(context);
		context.restore();
		// As they are stored: premultiplied, which is the same where nothing shines through.
		const band = imageOf(canvas.data(), canvas);
		copyRect(band, 0, 0, image, { x: 0, y: top, width, height: Math.min(BAND_ROWS, height - top) });
		yield;
	}
}

function drawingOn(canvas: Canvas): Drawing {
	const context = canvas.getContext("2d");
	// Without it some sequences are not joined: a white flag and a rainbow.
	context.textRendering = "optimizeLegibility";
	return context;
}
