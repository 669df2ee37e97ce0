import { AVERROR_EAGAIN } from "node-av/constants";
import { Filter, type FilterContext, FilterGraph, Frame } from "node-av/lib";

/** Quarter turns clockwise by which a picture has to be turned to stand upright. */
export type QuarterTurns = 0 | 1 | 2 | 3;

const filters = { 1: "transpose=clock", 2: "hflip,vflip", 3: "transpose=cclock" };

/** Turns decoded pictures upright, by libavfilter on libuv's threads. Calls must not overlap. */
export class PictureRotator {
	#graph: FilterGraph | undefined;
	#source: FilterContext | undefined;
	#sink: FilterContext | undefined;
	/** What the graph was made for. */
	#key = "";

	/** Frees `frame`, and gives another for the caller to free. @throws Error when libav cannot; `frame` is freed then as well */
	async upright(frame: Frame, turns: QuarterTurns): Promise<Frame> {
		if (turns === 0) return frame;
		const turned = new Frame();
		turned.alloc();
		try {
			await this.#prepare(frame, turns);
			const added = (await this.#source?.buffersrcAddFrame(frame)) ?? AVERROR_EAGAIN;
			const result = added < 0 ? added : ((await this.#sink?.buffersinkGetFrame(turned)) ?? AVERROR_EAGAIN);
			if (result < 0) throw new Error(`libav cannot turn a picture: ${result}`);
			return turned;
		} catch (error) {
			turned.free();
			this.close();
			throw error;
		} finally {
			frame.free();
		}
	}

	close(): void {
		this.#graph?.free();
		this.#graph = undefined;
		this.#source = undefined;
		this.#sink = undefined;
		this.#key = "";
	}

	async #prepare({ width, height, format, colorSpace, colorRange }: Frame, turns: 1 | 2 | 3): Promise<void> {
		const size = `width=${width}:height=${height}:pix_fmt=${format}:time_base=1/1000000`;
		const key = `${size}:colorspace=${colorSpace}:range=${colorRange}`;
		if (this.#key === `${key} ${turns}`) return;
		this.close();
		const [buffer, buffersink] = [Filter.getByName("buffer"), Filter.getByName("buffersink")];
		if (!buffer || !buffersink) throw new Error("libav lacks its buffer filters");
		const graph = new FilterGraph();
		graph.alloc();
		this.#graph = graph;
		graph.nbThreads = 1;
		let last = graph.createFilter(buffer, "in", key);
		this.#source = last ?? undefined;
		for (const [index, description] of filters[turns].split(",").entries()) {
			const [name = "", args] = description.split("=");
			const filter = Filter.getByName(name);
			const next = filter && graph.createFilter(filter, `turn-${index}`, args ?? null);
			last = last && next && last.link(0, next, 0) >= 0 ? next : null;
		}
		const sink = graph.createFilter(buffersink, "out", null);
		if (!last || !sink || last.link(0, sink, 0) < 0 || (await graph.config()) < 0)
			throw new Error(`libav cannot turn pictures of ${width}x${height}`);
		this.#sink = sink;
		this.#key = `${key} ${turns}`;
	}
}
