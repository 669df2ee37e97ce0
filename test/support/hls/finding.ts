/** One breach of a rule of a correct LL-HLS server. */
export interface Finding {
	/** As numbered in docs/ll-hls.md. */
	rule: number;
	detail: string;
}

/** A stream that is wrong throughout would otherwise be told of part by part. */
const MOST_OF_A_RULE = 50;

/** Gathers findings, each once. */
export class Findings {
	readonly list: Finding[] = [];
	readonly #seen = new Set<string>();
	readonly #counts = new Map<number, number>();

	add(rule: number, detail: string): void {
		const key = `${rule} ${detail}`;
		const count = this.#counts.get(rule) ?? 0;
		if (count >= MOST_OF_A_RULE || this.#seen.has(key)) return;
		this.#seen.add(key);
		this.#counts.set(rule, count + 1);
		this.list.push({ rule, detail: count + 1 === MOST_OF_A_RULE ? `${detail} (and perhaps more)` : detail });
	}

	/** Adds the finding unless `holds`. */
	expect(holds: boolean, rule: number, detail: string): void {
		if (!holds) this.add(rule, detail);
	}
}
