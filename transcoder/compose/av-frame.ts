import { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, type AVPixelFormat } from "node-av/constants";
import { Frame } from "node-av/lib";
import type { Planes } from "./i420.ts";

/** libav's alignment of rows, for its SIMD code. */
const ALIGNMENT = 64;

export function createFrame(width: number, height: number, format: AVPixelFormat): Frame {
	const frame = new Frame();
	frame.alloc();
	frame.format = format;
	frame.width = width;
	frame.height = height;
	const result = frame.getBuffer(ALIGNMENT);
	if (result < 0) throw new Error(`libav has no memory for ${width}x${height}: ${result}`);
	return frame;
}

/** I420 as the programme has it: swscale converts to the matrix and range that its target says. */
export function createProgrammeFrame(width: number, height: number): Frame {
	const frame = createFrame(width, height, AV_PIX_FMT_YUV420P);
	frame.colorSpace = AVCOL_SPC_BT709;
	frame.colorRange = AVCOL_RANGE_MPEG;
	return frame;
}

/** The planes of a yuv420p frame, without a copy: valid as long as the frame. */
export function planesOf(frame: Frame): Planes {
	const [y, u, v] = frame.data ?? [];
	const [strideY = 0, strideU = 0, strideV = 0] = frame.linesize;
	if (!y || !u || !v) throw new Error("not a planar frame");
	return { planes: [y, u, v], strides: [strideY, strideU, strideV] };
}
