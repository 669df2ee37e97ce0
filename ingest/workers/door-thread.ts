import type { Logger } from "../../core/runtime/log.ts";
import type { LocalHost } from "../sdp/session-description.ts";
import type { DoorToMain, MainToDoor } from "../transport/door-messages.ts";
import { Thread } from "./thread.ts";

export interface DoorThreadOptions {
	/** UDP and TCP; 0 takes any free one. */
	mediaPort: number;
	/** Where media reaches this machine; empty for its own addresses. */
	publicAddresses: string[];
}

/** One that lives no longer is likely to die again. */
const RESTART_INTERVAL_MS = 1_000;

/** The door's thread, seen from the main thread. When it dies another takes its place, at the same port. */
export class DoorThread {
	readonly #options: DoorThreadOptions;
	readonly #log: Logger;
	readonly #onOpen: () => void;
	readonly #onLost: () => void;
	#thread: Thread<MainToDoor, DoorToMain> | undefined;
	#opened: DoorToMain | undefined;
	/** Of the first door; those after it take the same. */
	#port = 0;
	#restart: NodeJS.Timeout | undefined;

	/** `onLost`: nothing of it is left. `onOpen`: the next one is there, and knows nothing yet. */
	constructor(options: DoorThreadOptions, { log, onLost, onOpen }: { log: Logger; onLost(): void; onOpen(): void }) {
		this.#options = options;
		this.#log = log;
		this.#onLost = onLost;
		this.#onOpen = onOpen;
	}

	/** @throws the system's error (EADDRINUSE, …) when the port cannot be had */
	async start(): Promise<void> {
		await new Promise<void>((opened, failed) => this.#start({ opened, failed }));
	}

	/** `sha-256 AB:CD:…` */
	get fingerprint(): string {
		return this.#opened?.fingerprint ?? "";
	}

	/** Where peers can send to. */
	get hosts(): LocalHost[] {
		const { hosts = [], port = 0 } = this.#opened ?? {};
		const { publicAddresses } = this.#options;
		if (publicAddresses.length === 0) return hosts;
		const protocols = (["udp", "tcp"] as const).filter((protocol) => hosts.some((host) => host.protocol === protocol));
		return protocols.flatMap((protocol) => publicAddresses.map((address) => ({ address, port, protocol })));
	}

	get port(): number {
		return this.#port;
	}

	/** False for a moment after one was lost. */
	get isOpen(): boolean {
		return this.#opened !== undefined;
	}

	post(message: MainToDoor): void {
		this.#thread?.post(message, message.type === "attach" ? [message.end.port] : []);
	}

	async close(): Promise<void> {
		clearTimeout(this.#restart);
		await this.#thread?.stop();
	}

	#start({ opened, failed }: { opened(): void; failed(error: unknown): void }): void {
		const startedMs = performance.now();
		this.#thread = new Thread<MainToDoor, DoorToMain>(new URL("./door-worker.ts", import.meta.url), {
			data: { port: this.#port || this.#options.mediaPort },
			log: this.#log,
			onMessage: (message) => {
				this.#opened = message;
				this.#port = message.port;
				opened();
			},
			onLost: (err) => {
				failed(err);
				if (this.#port === 0) return;
				this.#log.error({ err }, "the door was lost");
				this.#opened = undefined;
				this.#onLost();
				const next = () => this.#start({ opened: this.#onOpen, failed() {} });
				if (performance.now() - startedMs >= RESTART_INTERVAL_MS) next();
				else this.#restart = setTimeout(next, RESTART_INTERVAL_MS);
			},
		});
	}
}
