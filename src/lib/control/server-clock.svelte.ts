import { clockSchema } from "../../../core/protocol/clock.ts";
import { ClockOffset } from "./clock-offset.ts";

const ANSWER_WITHIN_MS = 10_000;

/** The server's clock, for pages that have no connection for its events. */
export class ServerClock {
	/** What to add to this machine's clock to get the server's; null: not known yet. */
	offsetMs = $state<number | null>(null);
	readonly #estimate = new ClockOffset();
	readonly #fetch: typeof globalThis.fetch;

	/** `fetch`: default: the browser's. */
	constructor({ fetch = globalThis.fetch.bind(globalThis) }: { fetch?: typeof globalThis.fetch } = {}) {
		this.#fetch = fetch;
	}

	/** One exchange more; without an answer what was known stays. */
	async ask(): Promise<void> {
		const sentMs = Date.now();
		try {
			const response = await this.#fetch("/api/clock", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
			const { now: serverMs } = clockSchema.parse(await response.json());
			this.#estimate.add({ sentMs, receivedMs: Date.now(), serverMs });
		} catch {
			// The next one may be answered.
		}
		this.offsetMs = this.#estimate.offsetMs ?? this.offsetMs;
	}
}
