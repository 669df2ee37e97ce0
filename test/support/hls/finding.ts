/** One breach of a rule of a correct LL-HLS server. */
export interface Finding {
	/**
	 * 1-6 syntax and constants, 8 updates, 9-14 parts, 17 availability, 19-22 hints and reports, 23-31 blocking reload,
	 * 35-39 media and time, 42-43 start and end, 44-45 multivariant playlist, 48-50 HTTP.
	 */
	rule: number;
	detail: string;
}

/** Gathers findings, each once. */
export class Findings {
	readonly list: Finding[] = [];
	readonly #seen = new Set<string>();

	add(rule: number, detail: string): void {
		const key = `${rule} ${detail}`;
		if (this.#seen.has(key)) return;
		this.#seen.add(key);
		this.list.push({ rule, detail });
	}

	/** Adds the finding unless `holds`. */
	expect(holds: boolean, rule: number, detail: string): void {
		if (!holds) this.add(rule, detail);
	}
}
