import type { ScenePerson } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import type { Studio } from "./drawing.ts";
import type { Overlay } from "./i420.ts";
import { LIGHT_INK, LIGHT_INK_SOFT, SCRIM } from "./text-colours.ts";
import { drawLines, fitText } from "./text-fit.ts";
import { evenUp, labelMargin, unitOf } from "./text-scale.ts";

/** The name in the lower left corner of a tile, `labelMargin` away from its edges, and the title below it. */
export function drawLabel(
	studio: Studio,
	{ name, title }: Pick<ScenePerson, "name" | "title">,
	tile: Size,
	canvas: Size,
): Overlay {
	const unit = unitOf(canvas);
	const side = unit * 16;
	const above = unit * 7;
	const most = tile.width - 2 * labelMargin(canvas) - 2 * side;
	// In a small tile two lines would hide a good part of the picture.
	const titled = title !== "" && tile.height >= unit * 240;
	const texts = [
		{ text: name, weight: 600, ink: LIGHT_INK, largest: unit * 32 },
		...(titled ? [{ text: title, weight: 500, ink: LIGHT_INK_SOFT, largest: unit * 27 }] : []),
	].map(({ ink, text, weight, largest }) => ({
		ink,
		fitted: fitText(studio, text, { weight, width: most, lines: 1, largest, least: largest * 0.88 }),
	}));
	const rightToLeft = texts[0]?.fitted.direction === "rtl";
	const width = evenUp(Math.max(...texts.map(({ fitted }) => fitted.width)) + side * 2);
	const height = evenUp(texts.reduce((sum, { fitted }) => sum + fitted.lineHeight, above * 2));
	return studio.overlay(width, height, (to) => {
		to.fillStyle = SCRIM;
		to.beginPath();
		to.roundRect(0, 0, width, height, unit * 10);
		to.fill();
		let top = above;
		for (const { ink, fitted } of texts) {
			to.fillStyle = ink;
			drawLines(to, fitted, rightToLeft ? { x: width - side, top, align: "right" } : { x: side, top, align: "left" });
			top += fitted.lineHeight;
		}
	});
}
