import type { Image } from "@napi-rs/canvas";
import type { Logger } from "pino";
import type { Brand } from "../../core/protocol/brand.ts";
import type { Size } from "../programme-format.ts";
import { imageSize } from "./brand-image-size.ts";
import type { Studio } from "./drawing.ts";
import type { I420 } from "./i420.ts";
import { loadImage } from "./text-canvas.ts";
import { canvasMargin, evenUp, type PlacedOverlay, unitOf } from "./text-scale.ts";

/** Pixels. More is not decoded: a file of a few bytes may claim billions. */
const MOST_PIXELS = 4096 * 4096;
const LONGEST_SIDE = 8192;
/** Of a canvas of 1080 lines. */
const LOGO_BOX: Size = { width: 320, height: 112 };

/** The brand's colour on all of the canvas: what there is until `drawBackground` has an image. */
export function plainBackground(studio: Studio, { background }: Brand, { width, height }: Size): I420 {
	return studio.image(width, height, (to) => {
		to.fillStyle = background;
		to.fillRect(0, 0, width, height);
	});
}

/** The brand's image, covering all of the canvas; undefined without one that can be shown. Lets the programme tick meanwhile. */
export async function drawBackground(
	studio: Studio,
	brand: Brand,
	canvas: Size,
	log: Logger,
): Promise<I420 | undefined> {
	const image = await decode(brand.backgroundImage, log);
	if (!image) return undefined;
	const { width, height } = canvas;
	return studio.imageInBands(width, height, (to) => {
		to.fillStyle = brand.background;
		to.fillRect(0, 0, width, height);
		const scale = Math.max(width / image.width, height / image.height);
		const [w, h] = [image.width * scale, image.height * scale];
		to.imageSmoothingQuality = "high";
		to.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
	});
}

/** The brand's logo for the top right corner of the canvas; undefined without one that can be shown. */
export async function drawLogo(
	studio: Studio,
	brand: Brand,
	canvas: Size,
	log: Logger,
): Promise<PlacedOverlay | undefined> {
	const image = await decode(brand.logo, log);
	if (!image) return undefined;
	const unit = unitOf(canvas);
	const scale = Math.min((unit * LOGO_BOX.width) / image.width, (unit * LOGO_BOX.height) / image.height);
	const width = evenUp(image.width * scale);
	const height = evenUp(image.height * scale);
	const overlay = studio.overlay(width, height, (to) => {
		to.imageSmoothingQuality = "high";
		to.drawImage(image, 0, 0, width, height);
	});
	const margin = canvasMargin(canvas);
	return { overlay, x: canvas.width - margin - width, y: margin };
}

/** In a thread of its own. */
async function decode(base64: string | null, log: Logger): Promise<Image | undefined> {
	if (!base64) return undefined;
	const file = Buffer.from(base64, "base64");
	const size = imageSize(file);
	if (!size || size.width < 1 || size.height < 1 || !isModest(size)) {
		log.warn({ size, bytes: file.length }, "an image of the brand is none, or too large, and is left out");
		return undefined;
	}
	try {
		const image = await loadImage(file);
		if (isModest(image) && image.width > 0 && image.height > 0) return image;
		log.warn({ size }, "an image of the brand is not what it says, and is left out");
	} catch (error) {
		log.warn({ err: error }, "an image of the brand cannot be decoded, and is left out");
	}
	return undefined;
}

const isModest = ({ width, height }: Size): boolean =>
	width * height <= MOST_PIXELS && Math.max(width, height) <= LONGEST_SIDE;
