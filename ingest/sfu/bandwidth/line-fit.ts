/** Least squares over points that come one by one. */
export class LineFit {
	#count = 0;
	#x = 0;
	#y = 0;
	#xx = 0;
	#xy = 0;
	#yy = 0;
	/** Subtracted first: sums of squares of clock readings would lose what matters. */
	#originX = 0;
	#originY = 0;

	get count(): number {
		return this.#count;
	}

	clear(): void {
		this.#count = this.#x = this.#y = this.#xx = this.#xy = this.#yy = 0;
	}

	add(x: number, y: number): void {
		if (this.#count === 0) {
			this.#originX = x;
			this.#originY = y;
		}
		const dx = x - this.#originX;
		const dy = y - this.#originY;
		this.#count++;
		this.#x += dx;
		this.#y += dy;
		this.#xx += dx * dx;
		this.#xy += dx * dy;
		this.#yy += dy * dy;
	}

	/** 0 while there is none. */
	get slope(): number {
		const spread = this.#count * this.#xx - this.#x * this.#x;
		return spread > 0 ? (this.#count * this.#xy - this.#x * this.#y) / spread : 0;
	}

	/** Standard error of the slope, from how far the points are off the line; Infinity with fewer than three. */
	get slopeError(): number {
		const spread = this.#xx - (this.#x * this.#x) / this.#count;
		if (this.#count < 3 || !(spread > 0)) return Number.POSITIVE_INFINITY;
		const squares = this.#yy - (this.#y * this.#y) / this.#count - this.slope ** 2 * spread;
		return Math.sqrt(Math.max(0, squares) / (this.#count - 2) / spread);
	}
}
