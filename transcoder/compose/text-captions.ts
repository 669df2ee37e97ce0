import type { Brand } from "../../core/protocol/brand.ts";
import type { LowerThird } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import type { Studio } from "./drawing.ts";
import { LIGHT_INK, LIGHT_INK_SOFT, SCRIM } from "./text-colours.ts";
import { drawLines, fitText } from "./text-fit.ts";
import { canvasMargin, evenUp, type PlacedOverlay, unitOf } from "./text-scale.ts";

/** The webinar's title in the top left corner of the canvas. */
export function drawTitle(studio: Studio, title: string, canvas: Size): PlacedOverlay {
	const unit = unitOf(canvas);
	const side = unit * 20;
	const above = unit * 10;
	const fit = { weight: 600, width: canvas.width * 0.6, lines: 1, largest: unit * 36, least: unit * 31 };
	const fitted = fitText(studio, title, fit);
	const width = evenUp(fitted.width + side * 2);
	const height = evenUp(fitted.lineHeight + above * 2);
	const overlay = studio.overlay(width, height, (to) => {
		to.fillStyle = SCRIM;
		to.beginPath();
		to.roundRect(0, 0, width, height, unit * 10);
		to.fill();
		to.fillStyle = LIGHT_INK;
		drawLines(to, fitted, { x: side, top: above, align: "left" });
	});
	return { overlay, x: canvasMargin(canvas), y: canvasMargin(canvas) };
}

/** Two lines over the lower left part of the canvas, above the labels of the tiles there. */
export function drawLowerThird(
	studio: Studio,
	{ title, subtitle }: LowerThird,
	canvas: Size,
	brand: Brand,
): PlacedOverlay {
	const unit = unitOf(canvas);
	const bar = unit * 12;
	const side = unit * 32;
	const above = unit * 20;
	const width = canvas.width * 0.7;
	const texts = [
		{ text: title, ink: LIGHT_INK, fit: { weight: 600, width, lines: 1, largest: unit * 56, least: unit * 40 } },
		{
			text: subtitle,
			ink: LIGHT_INK_SOFT,
			fit: { weight: 500, width, lines: 2, largest: unit * 38, least: unit * 32 },
		},
	].map(({ text, ink, fit }) => ({ ink, fitted: fitText(studio, text, fit) }));
	const rightToLeft = texts[0]?.fitted.direction === "rtl";
	const boxWidth = evenUp(bar + side * 2 + Math.max(...texts.map(({ fitted }) => fitted.width)));
	const boxHeight = evenUp(texts.reduce((sum, { fitted }) => sum + fitted.lines.length * fitted.lineHeight, above * 2));
	const overlay = studio.overlay(boxWidth, boxHeight, (to) => {
		to.beginPath();
		to.roundRect(0, 0, boxWidth, boxHeight, unit * 12);
		to.clip();
		to.fillStyle = SCRIM;
		to.fillRect(0, 0, boxWidth, boxHeight);
		to.fillStyle = brand.accent;
		to.fillRect(rightToLeft ? boxWidth - bar : 0, 0, bar, boxHeight);
		let top = above;
		for (const { ink, fitted } of texts) {
			to.fillStyle = ink;
			const x = rightToLeft ? boxWidth - bar - side : bar + side;
			drawLines(to, fitted, { x, top, align: rightToLeft ? "right" : "left" });
			top += fitted.lines.length * fitted.lineHeight;
		}
	});
	return { overlay, x: canvasMargin(canvas), y: canvas.height - evenUp(unit * 150) - boxHeight };
}
