/** Things that were started, closed in reverse order. A failure to close one is reported and the rest still close. */
export class Lifecycle {
	#closers: { name: string; close: () => unknown }[] = [];
	#closing: Promise<void> | undefined;
	readonly #onError: (error: unknown, name: string) => void;

	constructor({ onError }: { onError: (error: unknown, name: string) => void }) {
		this.#onError = onError;
	}

	add<T extends { close(): unknown }>(name: string, part: T): T {
		this.#closers.push({ name, close: () => part.close() });
		return part;
	}

	/** Idempotent: every call gives the same promise, which never rejects. */
	close(): Promise<void> {
		this.#closing ??= (async () => {
			for (const { name, close } of this.#closers.reverse()) {
				try {
					await close();
				} catch (error) {
					this.#onError(error, name);
				}
			}
		})();
		return this.#closing;
	}
}
