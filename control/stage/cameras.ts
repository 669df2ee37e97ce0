/** Whose camera is switched off, as their own pages say: what such a camera sends is black, and looks like any picture. */
export class Cameras {
	/** By person: the connection it was said over, while that lasts. */
	readonly #off = new Map<string, object | null>();

	/** Says whether that is news. */
	say(personId: string, on: boolean, saidOver: object): boolean {
		const wasOff = this.#off.has(personId);
		if (on) this.#off.delete(personId);
		else this.#off.set(personId, saidOver);
		return wasOff === on;
	}

	connectionGone(personId: string, connection: object): void {
		if (this.#off.get(personId) === connection) this.#off.set(personId, null);
	}

	/** The person begins to publish: what a page said that is there no longer is not about this. */
	publishes(personId: string): void {
		if (this.#off.get(personId) === null) this.#off.delete(personId);
	}

	isOff(personId: string): boolean {
		return this.#off.has(personId);
	}

	forget(personId: string): void {
		this.#off.delete(personId);
	}

	clear(): void {
		this.#off.clear();
	}
}
