import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Canvas, createCanvas, GlobalFonts, type SKRSContext2D } from "@napi-rs/canvas";
import { AV_PIX_FMT_RGBA, AVCOL_RANGE_JPEG, AVCOL_SPC_RGB } from "node-av/constants";
import { SoftwareScaleContext } from "node-av/lib";
import { createFrame, createProgrammeFrame, planesOf } from "./av-frame.ts";
import { copyRect, createI420, type I420, type Overlay } from "./i420.ts";

/** Inter comes in one file for each script; a text takes its letters from the first that has them, then from the machine's fonts. */
const SCRIPTS = ["latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "vietnamese"];

export type Drawing = SKRSContext2D;

/** Draws text and shapes, and turns them into I420. One is enough for a process. */
export class Studio {
	/** CSS font family list. */
	readonly family: string;
	readonly #scaler = new SoftwareScaleContext();

	constructor() {
		const files = join(dirname(fileURLToPath(import.meta.resolve("@fontsource/inter/LICENSE"))), "files");
		for (const script of SCRIPTS) {
			for (const weight of [500, 600]) {
				GlobalFonts.registerFromPath(join(files, `inter-${script}-${weight}-normal.woff2`), `Inter ${script}`);
			}
		}
		this.family = [...SCRIPTS.map((script) => `"Inter ${script}"`), "sans-serif"].join(", ");
		this.#scaler.allocContext();
	}

	/** An opaque image. Width and height even. */
	image(width: number, height: number, draw: (to: Drawing) => void): I420 {
		const canvas = createCanvas(width, height);
		draw(canvas.getContext("2d"));
		return this.#convert(canvas);
	}

	/** An image with transparency. Width and height even. */
	overlay(width: number, height: number, draw: (to: Drawing) => void): Overlay {
		const canvas = createCanvas(width, height);
		const context = canvas.getContext("2d");
		draw(context);
		const { data } = context.getImageData(0, 0, width, height);
		const lumaAlpha = new Uint8Array(width * height);
		const chromaAlpha = new Uint8Array((width * height) / 4);
		for (let i = 0; i < lumaAlpha.length; i++) lumaAlpha[i] = data[i * 4 + 3] ?? 0;
		for (let i = 0; i < chromaAlpha.length; i++) {
			const at = Math.floor(i / (width / 2)) * 2 * width + (i % (width / 2)) * 2;
			const [a = 0, b = 0, c = 0, d = 0] = [
				lumaAlpha[at],
				lumaAlpha[at + 1],
				lumaAlpha[at + width],
				lumaAlpha[at + width + 1],
			];
			chromaAlpha[i] = (a + b + c + d) / 4;
		}
		return { image: this.#convert(canvas), lumaAlpha, chromaAlpha };
	}

	close(): void {
		this.#scaler.freeContext();
	}

	#convert(canvas: Canvas): I420 {
		const { width, height } = canvas;
		const rgba = createFrame(width, height, AV_PIX_FMT_RGBA);
		rgba.colorSpace = AVCOL_SPC_RGB;
		rgba.colorRange = AVCOL_RANGE_JPEG;
		const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
		const stride = rgba.linesize[0] ?? 0;
		for (let row = 0; row < height; row++) {
			rgba.data?.[0]?.set(data.subarray(row * width * 4, (row + 1) * width * 4), row * stride);
		}
		const yuv = createProgrammeFrame(width, height);
		this.#scaler.scaleFrameSync(yuv, rgba);
		const image = createI420(width, height);
		copyRect(planesOf(yuv), 0, 0, image, { x: 0, y: 0, width, height });
		rgba.free();
		yuv.free();
		return image;
	}
}
