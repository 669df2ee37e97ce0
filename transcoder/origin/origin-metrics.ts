import { Counter, Gauge, type Registry } from "prom-client";
import type { Answer, AnswerKind } from "./answer.ts";

interface Sources {
	blocked: () => number;
	connections: () => number;
}

/** What the origin tells of itself. Counted in plain numbers: a labelled counter would cost as much as an answer. */
export class OriginMetrics {
	readonly #kinds: Record<AnswerKind, { answers: number; bytes: number }> = {
		multivariant: { answers: 0, bytes: 0 },
		playlist: { answers: 0, bytes: 0 },
		media: { answers: 0, bytes: 0 },
		refused: { answers: 0, bytes: 0 },
	};
	readonly #dropped: Counter<"reason">;
	#edgeRequests = 0;

	constructor(registry: Registry, { blocked, connections }: Sources) {
		const registers = [registry];
		const kinds = Object.entries(this.#kinds);
		new Counter({
			name: "rostrum_origin_answers_total",
			help: "Requests of the audience that were answered, by kind",
			labelNames: ["kind"],
			registers,
			collect() {
				this.reset();
				for (const [kind, { answers }] of kinds) this.inc({ kind }, answers);
			},
		});
		new Counter({
			name: "rostrum_origin_bytes_total",
			help: "Bytes of the bodies sent to the audience, by kind",
			labelNames: ["kind"],
			registers,
			collect() {
				this.reset();
				for (const [kind, { bytes }] of kinds) this.inc({ kind }, bytes);
			},
		});
		const edgeRequests = () => this.#edgeRequests;
		new Counter({
			name: "rostrum_origin_edge_requests_total",
			help: "Requests for programmes that came through a cache or proxy, as their Via header says",
			registers,
			collect() {
				this.reset();
				this.inc(edgeRequests());
			},
		});
		new Gauge({
			name: "rostrum_origin_blocked_requests",
			help: "Requests of the audience that wait for a part",
			registers,
			collect() {
				this.set(blocked());
			},
		});
		new Gauge({
			name: "rostrum_origin_connections",
			help: "Open connections to the HTTP port",
			registers,
			collect() {
				this.set(connections());
			},
		});
		this.#dropped = new Counter({
			name: "rostrum_origin_dropped_connections_total",
			help: "Connections to the HTTP port that were closed for the good of the others",
			labelNames: ["reason"],
			registers,
		});
	}

	answered({ kind, length }: Answer): void {
		this.#kinds[kind].answers++;
		this.#kinds[kind].bytes += length;
	}

	cameThroughEdge(): void {
		this.#edgeRequests++;
	}

	dropped(reason: DropReason): void {
		this.#dropped.inc({ reason });
	}
}

/** Took too long to ask, asked nothing for long, took too long to read, or there were too many. */
export type DropReason = "half-open" | "idle" | "slow" | "too-many";
