import {
	AV_CODEC_FLAG_LOW_DELAY,
	AV_CODEC_ID_AV1,
	AV_CODEC_ID_H264,
	AV_CODEC_ID_VP8,
	AV_CODEC_ID_VP9,
	AV_LOG_QUIET,
	AVERROR_EAGAIN,
} from "node-av/constants";
import { Codec, CodecContext, Frame, Log, Packet } from "node-av/lib";
import type { FeedTrack } from "../../core/protocol/feed.ts";

export type VideoCodec = Exclude<FeedTrack["codec"], "opus">;

/** A picture of cinema's 4K. Headers that say more are refused before this; libav refuses what they did not say. */
export const MAX_PIXELS = 4096 * 2304;

const codecIds = { VP8: AV_CODEC_ID_VP8, H264: AV_CODEC_ID_H264, VP9: AV_CODEC_ID_VP9, AV1: AV_CODEC_ID_AV1 };

export interface DecodedPicture {
	/** To be freed by whoever takes it. */
	frame: Frame;
	captureMs: number;
	/** libav concealed missing or broken parts. */
	damaged: boolean;
}

/** One thread, no picture held back; the work is done on libuv's threads. Calls must not overlap. */
export class VideoDecoder {
	readonly #context: CodecContext;
	readonly #packet = new Packet();
	/** For the next picture. */
	#frame = allocatedFrame();

	private constructor(context: CodecContext) {
		this.#context = context;
		this.#packet.alloc();
	}

	/** @throws Error when libav cannot open the decoder */
	static async open(codec: VideoCodec): Promise<VideoDecoder> {
		Log.setLevel(AV_LOG_QUIET); // libav writes to stderr whatever a publisher's bytes make it complain about
		const found = Codec.findDecoder(codecIds[codec]);
		if (!found) throw new Error(`libav has no ${codec} decoder`);
		const context = new CodecContext();
		context.allocContext3(found);
		context.threadCount = 1; // more would each hold back a picture
		context.setFlags(AV_CODEC_FLAG_LOW_DELAY); // dav1d, too, holds nothing back then
		context.setOption("max_pixels", MAX_PIXELS);
		const result = await context.open2(found, null);
		if (result < 0) throw new Error(`libav cannot open its ${codec} decoder: ${result}`);
		return new VideoDecoder(context);
	}

	/** @throws Error when libav refuses the data; the decoder is then best replaced */
	async decode(data: Buffer, captureMs: number): Promise<DecodedPicture[]> {
		this.#packet.data = data;
		this.#packet.pts = BigInt(Math.round(captureMs * 1000));
		const sent = await this.#context.sendPacket(this.#packet);
		if (sent < 0) throw new Error(`libav refuses a coded picture: ${sent}`);
		const pictures: DecodedPicture[] = [];
		for (;;) {
			// Sending decoded it already: to fetch it from here takes a tenth of another trip to a thread.
			const received = this.#context.receiveFrameSync(this.#frame);
			if (received === AVERROR_EAGAIN) return pictures;
			if (received < 0) {
				for (const picture of pictures) picture.frame.free();
				throw new Error(`libav cannot decode a picture: ${received}`);
			}
			const frame = this.#frame;
			pictures.push({ frame, captureMs: Number(frame.pts) / 1000, damaged: frame.decodeErrorFlags !== 0 });
			this.#frame = allocatedFrame();
		}
	}

	close(): void {
		this.#packet.free();
		this.#frame.free();
		this.#context.freeContext();
	}
}

function allocatedFrame(): Frame {
	const frame = new Frame();
	frame.alloc();
	return frame;
}
