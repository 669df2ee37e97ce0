import type { Size } from "../programme-format.ts";
import type { Overlay } from "./i420.ts";

/** An overlay with the place of its top left corner, in pixels; even. */
export interface PlacedOverlay {
	overlay: Overlay;
	x: number;
	y: number;
}

/** Pixels for one line of a canvas of 1080: all sizes are given for that one. */
export const unitOf = (canvas: Size): number => Math.min(canvas.width / 1920, canvas.height / 1080);

/** What a picture can have, chroma having half the resolution. What only rounding put above a number counts as that number. */
export const evenUp = (value: number): number => Math.max(2, Math.ceil(value / 2 - 1e-6) * 2);

/** From the edges of the canvas to what stands on it. */
export const canvasMargin = (canvas: Size): number => evenUp(unitOf(canvas) * 40);

/** From the left and lower edges of a tile to its label. */
export const labelMargin = (canvas: Size): number => evenUp(unitOf(canvas) * 14);
