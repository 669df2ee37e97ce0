import type { EventTopics, RetainedTopics } from "../../core/protocol/bus-topics.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { CodedFrame, Run } from "../coded-frames.ts";
import { Output } from "./output.ts";

/** One host may not fill the machine with processes. */
const MOST_OUTPUTS = 8;

export interface OutputsEvents {
	state: (event: Omit<EventTopics["output-state"], "webinarId">) => void;
}

/** Where one programme is sent besides, each place on its own. */
export class Outputs {
	readonly #log: Logger;
	readonly #events: OutputsEvents;
	readonly #outputs = new Map<string, { url: string; output: Output }>();
	readonly #closing = new Set<Promise<void>>();
	#run: Run | undefined;

	constructor({ log, events }: { log: Logger; events: OutputsEvents }) {
		this.#log = log;
		this.#events = events;
	}

	/** All there shall be from now on. */
	set(wanted: RetainedTopics["outputs"]): void {
		const kept = new Map(wanted.slice(0, MOST_OUTPUTS).map(({ id, url }) => [id, url]));
		for (const [id, { url, output }] of this.#outputs) {
			if (kept.get(id) === url) continue;
			this.#outputs.delete(id);
			const closing = output.close().finally(() => this.#closing.delete(closing));
			this.#closing.add(closing);
		}
		for (const [id, url] of kept) {
			if (this.#outputs.has(id)) continue;
			const events = {
				state: (state: Omit<EventTopics["output-state"], "webinarId" | "id">) => this.#events.state({ id, ...state }),
			};
			const output = new Output(url, { log: this.#log.child({ component: "output", output: id }), events });
			if (this.#run) output.startRun(this.#run);
			this.#outputs.set(id, { url, output });
		}
	}

	startRun(run: Run): void {
		this.#run = run;
		for (const { output } of this.#outputs.values()) output.startRun(run);
	}

	push(frame: CodedFrame): void {
		for (const { output } of this.#outputs.values()) output.push(frame);
	}

	/** Resolves when nothing is sent any more. Idempotent. */
	async close(): Promise<void> {
		this.set([]);
		await Promise.all(this.#closing);
	}
}
