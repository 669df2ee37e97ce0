import { fileURLToPath } from "node:url";
import { type Canvas, createCanvas, GlobalFonts, type SKRSContext2D } from "@napi-rs/canvas";
import { drawFigure, fillEllipse, fillRounded, type Look } from "./presenter-figure.ts";
import { type I420Picture, webrtcMedia } from "./webrtc.ts";

export const PICTURE_WIDTH = 640;
export const PICTURE_HEIGHT = 360;

// All even, as the chroma planes have half the resolution.
const FIGURE = { x: 24, y: 54, width: 252, height: 306 };
const PANEL = { x: 292, y: 96, width: 324, height: 168 };
const CLOCK = { x: 312, y: 160, glyphWidth: 26, separatorWidth: 14, height: 48 };
const TRACK = { x: 312, y: 226, width: 284, height: 16 };
const METER = { x: 552, y: 118, width: 44, height: 30 };

const MOUTHS = 5;
const METER_LEVELS = 10;
const TRACK_STEPS = 60;

/**
 * A drawn presenter who breathes, blinks and speaks, beside a running clock. Everything that moves is drawn and converted
 * once for each of its states; a frame is then a few copies of rows.
 */
export class PresenterPicture {
	readonly #name: string;
	readonly #look: Look;
	readonly #canvas: Canvas = createCanvas(PICTURE_WIDTH, PICTURE_HEIGHT);
	readonly #patches = new Map<string, I420Picture>();
	readonly #shown = new Map<Area, string>();
	readonly #frame: I420Picture;

	constructor({ name, look }: { name: string; look: Look }) {
		this.#name = name;
		this.#look = look;
		// Only in this process, and the same again harms nothing.
		const file = import.meta.resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2");
		GlobalFonts.registerFromPath(fileURLToPath(file), "Inter");
		this.#draw();
		this.#frame = crop(this.#canvas, { x: 0, y: 0, width: PICTURE_WIDTH, height: PICTURE_HEIGHT });
	}

	/** The picture at `nowMs`, local time, of someone speaking at `level` 0 to 1. Valid until the next call. */
	paint(nowMs: number, level: number): I420Picture {
		const bobPx = Math.round(2.5 + 2.5 * Math.sin(nowMs / 900));
		const mouth = Math.min(MOUTHS - 1, Math.round(level * MOUTHS));
		const eyesOpen = nowMs % 3700 > 140;
		this.#place(FIGURE, `figure ${bobPx} ${mouth} ${eyesOpen}`, (ctx) => {
			this.#drawBackground(ctx);
			drawFigure(ctx, this.#look, 150, 160, { bobPx, mouth: mouth / (MOUTHS - 1), eyesOpen });
		});
		const step = Math.floor(((nowMs % 1000) / 1000) * TRACK_STEPS);
		this.#place(TRACK, `track ${step}`, (ctx) => this.#drawTrack(ctx, step / TRACK_STEPS));
		const loud = Math.min(METER_LEVELS, Math.round(level * METER_LEVELS));
		this.#place(METER, `meter ${loud}`, (ctx) => this.#drawMeter(ctx, loud / METER_LEVELS));
		this.#placeClock(nowMs);
		return this.#frame;
	}

	#placeClock(nowMs: number): void {
		let x = CLOCK.x;
		for (const glyph of clockText(new Date(nowMs))) {
			const width = /\d/.test(glyph) ? CLOCK.glyphWidth : CLOCK.separatorWidth;
			const key = `glyph ${glyph}`;
			const patch = this.#patches.get(key) ?? this.#drawGlyph(glyph, width);
			this.#patches.set(key, patch);
			copyPatch(patch, this.#frame, x, CLOCK.y);
			x += width;
		}
	}

	#place(area: Area, key: string, draw: (ctx: SKRSContext2D) => void): void {
		if (this.#shown.get(area) === key) return;
		this.#shown.set(area, key);
		let patch = this.#patches.get(key);
		if (!patch) {
			draw(this.#canvas.getContext("2d"));
			patch = crop(this.#canvas, area);
			this.#patches.set(key, patch);
		}
		copyPatch(patch, this.#frame, area.x, area.y);
	}

	#draw(): void {
		const ctx = this.#canvas.getContext("2d");
		this.#drawBackground(ctx);
		fillRounded(ctx, "#00000030", PANEL.x + 2, PANEL.y + 6, PANEL.width, PANEL.height, 20);
		fillRounded(ctx, this.#look.panel, PANEL.x, PANEL.y, PANEL.width, PANEL.height, 20);
		ctx.fillStyle = "#ffffff";
		ctx.font = "700 26px Inter";
		ctx.fillText(this.#name, CLOCK.x, PANEL.y + 46, METER.x - CLOCK.x - 12);
		ctx.fillStyle = "#ffffffb0";
		ctx.font = "500 15px Inter";
		ctx.fillText("The time on this server", CLOCK.x, PANEL.y + PANEL.height + 32);
	}

	#drawBackground(ctx: SKRSContext2D): void {
		const gradient = ctx.createLinearGradient(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
		gradient.addColorStop(0, this.#look.background[0]);
		gradient.addColorStop(1, this.#look.background[1]);
		ctx.fillStyle = gradient;
		ctx.fillRect(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
		for (const [x, y, r] of [
			[40, 40, 90],
			[230, 20, 60],
			[600, 330, 120],
			[470, 40, 46],
			[300, 350, 60],
		] as const) {
			fillEllipse(ctx, this.#look.lights, x, y, r, r);
		}
	}

	#drawTrack(ctx: SKRSContext2D, fraction: number): void {
		ctx.fillStyle = this.#look.panel;
		ctx.fillRect(TRACK.x, TRACK.y, TRACK.width, TRACK.height);
		const dotX = TRACK.x + 8 + fraction * (TRACK.width - 16);
		const middleY = TRACK.y + TRACK.height / 2;
		fillRounded(ctx, "#ffffff2e", TRACK.x, middleY - 3, TRACK.width, 6, 3);
		fillRounded(ctx, this.#look.accent, TRACK.x, middleY - 3, dotX - TRACK.x, 6, 3);
		fillEllipse(ctx, "#ffffff", dotX, middleY, 7, 7);
	}

	#drawMeter(ctx: SKRSContext2D, level: number): void {
		ctx.fillStyle = this.#look.panel;
		ctx.fillRect(METER.x, METER.y, METER.width, METER.height);
		for (const [i, share] of [0.55, 0.85, 1, 0.75, 0.5].entries()) {
			const height = 5 + (METER.height - 5) * share * level;
			fillRounded(ctx, this.#look.accent, METER.x + 2 + i * 9, METER.y + (METER.height - height) / 2, 5, height, 2.5);
		}
	}

	#drawGlyph(glyph: string, width: number): I420Picture {
		const canvas = createCanvas(width, CLOCK.height);
		const ctx = canvas.getContext("2d");
		ctx.fillStyle = this.#look.panel;
		ctx.fillRect(0, 0, width, CLOCK.height);
		ctx.fillStyle = "#ffffff";
		ctx.font = "700 42px Inter";
		ctx.textAlign = "center";
		ctx.fillText(glyph, width / 2, 40);
		return crop(canvas, { x: 0, y: 0, width, height: CLOCK.height });
	}
}

interface Area {
	x: number;
	y: number;
	width: number;
	height: number;
}

function crop(canvas: Canvas, { x, y, width, height }: Area): I420Picture {
	const rgba = canvas.getContext("2d").getImageData(x, y, width, height);
	const picture = { width, height, data: new Uint8ClampedArray((width * height * 3) / 2) };
	webrtcMedia.rgbaToI420({ width, height, data: rgba.data }, picture);
	return picture;
}

/** Everything even: position and size. */
function copyPatch(from: I420Picture, to: I420Picture, x: number, y: number): void {
	copyPlane(from.data, 0, from.width, from.height, to.data, 0, to.width, x, y);
	const fromSize = from.width * from.height;
	const toSize = to.width * to.height;
	for (const plane of [0, 1]) {
		const fromAt = fromSize + (plane * fromSize) / 4;
		const toAt = toSize + (plane * toSize) / 4;
		copyPlane(from.data, fromAt, from.width / 2, from.height / 2, to.data, toAt, to.width / 2, x / 2, y / 2);
	}
}

function copyPlane(
	from: Uint8ClampedArray,
	fromAt: number,
	width: number,
	height: number,
	to: Uint8ClampedArray,
	toAt: number,
	toWidth: number,
	x: number,
	y: number,
): void {
	for (let row = 0; row < height; row++) {
		const start = fromAt + row * width;
		to.set(from.subarray(start, start + width), toAt + (y + row) * toWidth + x);
	}
}

/** HH:MM:SS.mmm in local time. */
function clockText(date: Date): string {
	const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
	const seconds = `${pad(date.getSeconds(), 2)}.${pad(date.getMilliseconds(), 3)}`;
	return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${seconds}`;
}
