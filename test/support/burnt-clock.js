// @ts-nocheck: it runs in a page, and the tests know no DOM.
// Runs in a page: the time in a picture, drawn where it is made and read off where it is shown.

globalThis.burntClock = (() => {
	/** Bits of the time in milliseconds that a picture carries, as black and white blocks in its upper three eighths. */
	const TIME_BITS = 24;
	const BLOCKS_A_ROW = 8;
	const TIME_RANGE = 2 ** TIME_BITS;

	const nowMs = () => performance.timeOrigin + performance.now();

	function drawTime(context, width, height, time) {
		const [blockWidth, blockHeight] = [width / BLOCKS_A_ROW, height / 8];
		for (let bit = 0; bit < TIME_BITS; bit++) {
			context.fillStyle = Math.floor(time / 2 ** bit) % 2 ? "#fff" : "#000";
			const [column, row] = [bit % BLOCKS_A_ROW, Math.floor(bit / BLOCKS_A_ROW)];
			context.fillRect(column * blockWidth, row * blockHeight, blockWidth, blockHeight);
		}
	}

	/** What an element shows, picture by picture, from when `begin` was called. */
	class ShownClock {
		/** `onPicture` gets when it was shown and whether its lower half is white. */
		constructor(element, onPicture = () => {}) {
			this.element = element;
			this.onPicture = onPicture;
			this.context = new OffscreenCanvas(BLOCKS_A_ROW, 8).getContext("2d", { willReadFrequently: true });
			this.begin();
			this.#next();
		}

		begin() {
			this.frames = 0;
			this.longestGapMs = 0;
			this.lastMs = undefined;
			this.latenciesMs = [];
			this.heights = [];
			this.startedMs = nowMs();
		}

		#next() {
			this.callback = this.element.requestVideoFrameCallback((_now, { height }) => {
				this.#next();
				const atMs = nowMs();
				this.context.drawImage(this.element, 0, 0, BLOCKS_A_ROW, 8);
				const { data } = this.context.getImageData(0, 0, BLOCKS_A_ROW, 8);
				let time = 0;
				for (let bit = 0; bit < TIME_BITS; bit++) if (data[4 * bit] > 127) time += 2 ** bit;
				this.frames++;
				if (this.lastMs !== undefined) this.longestGapMs = Math.max(this.longestGapMs, atMs - this.lastMs);
				this.lastMs = atMs;
				this.latenciesMs.push((((atMs % TIME_RANGE) - time + TIME_RANGE * 1.5) % TIME_RANGE) - TIME_RANGE / 2);
				if (this.heights.at(-1)?.height !== height) this.heights.push({ height, atMs });
				this.onPicture(atMs, data[4 * (BLOCKS_A_ROW * 6 + 4)] > 127);
			});
		}

		read() {
			const { frames, longestGapMs, latenciesMs, heights, startedMs, lastMs } = this;
			const sinceLastMs = nowMs() - (lastMs ?? startedMs);
			return {
				frames,
				longestGapMs: Math.max(longestGapMs, sinceLastMs),
				latenciesMs,
				heights,
				forMs: nowMs() - startedMs,
			};
		}

		close() {
			this.element.cancelVideoFrameCallback(this.callback);
		}
	}

	return { nowMs, drawTime, TIME_RANGE, ShownClock };
})();
