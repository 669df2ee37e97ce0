import {
	AVCOL_RANGE_MPEG,
	AVCOL_SPC_BT470BG,
	AVCOL_SPC_BT709,
	AVCOL_SPC_SMPTE170M,
	AVCOL_SPC_UNSPECIFIED,
	SWS_BILINEAR,
} from "node-av/constants";
import { type Frame, SoftwareScaleContext } from "node-av/lib";
import type { Size } from "../programme-format.ts";
import { createProgrammeFrame, planesOf } from "./av-frame.ts";
import { type Colour, copyRect, createI420, fillRect, type I420, type Planes } from "./i420.ts";
import { bytesIn, correct, type MatrixKernel, type MatrixMemory, pictureIn } from "./matrix-kernel.ts";
import type { Placement } from "./placement.ts";

/** A camera may lose this much of its picture so that the tile is full; one with more to lose (a phone held upright) is shown whole. */
const MAX_CROPPED = 0.35;
/** Longer ones than the feed lets in are somebody's mistake or worse. */
const MAX_SIDE = 8192;
const BLACK: Colour = [16, 128, 128];
/** What browsers send without saying so is BT.601 as well. */
const BT601: ReadonlySet<number> = new Set([AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M, AVCOL_SPC_UNSPECIFIED]);

type TileImage = Planes & Size;

/** What a tile shows, in its size and in the programme's colours: kept, so that it can be drawn again when its source is gone. */
export class TilePicture {
	readonly #kernel: MatrixKernel;
	readonly #scaler = new SoftwareScaleContext();
	#scaled: { frame: Frame; planes: Planes } | undefined;
	#memory: MatrixMemory | undefined;
	/** What it looks like around a picture that does not fill the tile. */
	#boxed: I420 | undefined;
	#image: TileImage | undefined;

	constructor(kernel: MatrixKernel) {
		this.#kernel = kernel;
		this.#scaler.allocContext();
		// Half of bicubic's time, and no visible difference in pictures that were coded for a meeting.
		this.#scaler.setOption("sws_flags", SWS_BILINEAR);
	}

	/** What was shown last; undefined until then. */
	get image(): TileImage | undefined {
		return this.#image;
	}

	/** False when nothing can be made of the frame; what is there then is undefined. `size` even. */
	show(frame: Frame, size: Size, fit: Placement["fit"]): boolean {
		if (frame.width < 1 || frame.height < 1 || frame.width > MAX_SIDE || frame.height > MAX_SIDE) return false;
		try {
			const whole = scaledSize(frame, size, fit);
			const scaled = this.#frameOf(whole);
			const isBt601 = BT601.has(frame.colorSpace);
			// The same on both sides: swscale leaves the matrix to the kernel.
			scaled.frame.colorSpace = isBt601 ? frame.colorSpace : AVCOL_SPC_BT709;
			scaled.frame.colorRange = AVCOL_RANGE_MPEG;
			if (this.#scaler.scaleFrameSync(scaled.frame, frame) < 0) return false;
			const { corrected, memory } = this.#corrected(whole, scaled.planes.strides);
			// Whole planes, whose rows lie alike: row by row takes ten times as long.
			for (const plane of [0, 1, 2] as const) corrected.planes[plane].set(scaled.planes.planes[plane]);
			if (isBt601) correct(memory, corrected);
			this.#image = this.#cut(corrected, size);
			return true;
		} catch {
			return false; // libav has no memory for it
		}
	}

	close(): void {
		this.#scaled?.frame.free();
		this.#scaled = undefined;
		this.#image = undefined;
		this.#boxed = undefined;
		this.#memory = undefined;
		this.#scaler.freeContext();
	}

	#frameOf({ width, height }: Size): { frame: Frame; planes: Planes } {
		if (this.#scaled?.frame.width !== width || this.#scaled.frame.height !== height) {
			this.#scaled?.frame.free();
			this.#scaled = undefined;
			const frame = createProgrammeFrame(width, height);
			this.#scaled = { frame, planes: planesOf(frame) };
		}
		return this.#scaled;
	}

	#corrected(size: Size, strides: Planes["strides"]): { corrected: I420; memory: MatrixMemory } {
		const bytes = bytesIn(size, strides);
		if (!this.#memory || this.#memory.buffer.byteLength < bytes) this.#memory = this.#kernel.allocate(bytes);
		return { corrected: pictureIn(this.#memory, size, strides), memory: this.#memory };
	}

	/** The middle of the picture, in black where it does not reach. */
	#cut(whole: I420, size: Size): TileImage {
		const { width, height } = size;
		const visible = { width: Math.min(width, whole.width), height: Math.min(height, whole.height) };
		const cropX = evenHalf(whole.width - visible.width);
		const cropY = evenHalf(whole.height - visible.height);
		if (visible.width === width && visible.height === height) {
			const [y, u, v] = whole.planes;
			const luma = cropY * whole.strides[0] + cropX;
			const chroma = (cropY * whole.strides[1] + cropX) / 2;
			const planes: Planes["planes"] = [y.subarray(luma), u.subarray(chroma), v.subarray(chroma)];
			return { width, height, planes, strides: whole.strides };
		}
		if (this.#boxed?.width !== width || this.#boxed.height !== height) this.#boxed = createI420(width, height);
		fillRect(this.#boxed, { x: 0, y: 0, width, height }, BLACK);
		const [x, y] = [evenHalf(width - visible.width), evenHalf(height - visible.height)];
		copyRect(whole, cropX, cropY, this.#boxed, { x, y, ...visible });
		return this.#boxed;
	}
}

/** Size of the whole picture, in its own proportions, so that it covers the tile, or fits into it when covering would hide too much. */
export function scaledSize({ width, height }: Size, tile: Size, fit: Placement["fit"]): Size {
	const cover = Math.max(tile.width / width, tile.height / height);
	const visible = (tile.width * tile.height) / (width * cover * height * cover);
	const covers = visible >= 1 - (fit === "cover" ? MAX_CROPPED : 0);
	const scale = covers ? cover : Math.min(tile.width / width, tile.height / height);
	return { width: evenAtLeast2(width * scale), height: evenAtLeast2(height * scale) };
}

function evenAtLeast2(value: number): number {
	return Math.max(2, Math.round(value / 2) * 2);
}

function evenHalf(value: number): number {
	return Math.floor(value / 4) * 2;
}
