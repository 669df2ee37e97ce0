import { MessageChannel, type MessagePort } from "node:worker_threads";

/** One end of a channel between two threads. Plain data but for the port, which has to be in the list of transfers. */
export interface ChannelEnd {
	port: MessagePort;
	/** Datagrams on their way: `[to the first end, to the second]`. */
	waiting: SharedArrayBuffer;
	/** Which of the two this is. */
	side: 0 | 1;
}

/** A datagram that is on its way to the other thread; the field tells it from other messages. */
interface Relayed {
	data: Uint8Array;
}

/** A thread this far behind loses what comes, as on a network. */
const MAX_WAITING = 2_000;

export function createChannel(): [ChannelEnd, ChannelEnd] {
	const { port1, port2 } = new MessageChannel();
	const waiting = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
	return [
		{ port: port1, waiting, side: 0 },
		{ port: port2, waiting, side: 1 },
	];
}

/** Messages between two threads, in order; those that carry a datagram are lost when the other end does not keep up. */
export class ThreadChannel<In extends object, Out extends object> {
	readonly #port: MessagePort;
	readonly #waiting: Int32Array;
	readonly #from: 0 | 1;
	readonly #to: 0 | 1;

	constructor({ port, waiting, side }: ChannelEnd, onMessage: (message: In) => void) {
		this.#port = port;
		this.#waiting = new Int32Array(waiting);
		this.#from = side;
		this.#to = side === 0 ? 1 : 0;
		port.on("message", (message: In | (In & Relayed)) => {
			if ("data" in message) Atomics.sub(this.#waiting, this.#from, 1);
			onMessage(message);
		});
	}

	post(message: Exclude<Out, Relayed>): void {
		this.#port.postMessage(message);
	}

	/** `message.data` is not to be used any more. False: it was lost. */
	relay(message: Extract<Out, Relayed>): boolean {
		if (Atomics.load(this.#waiting, this.#to) >= MAX_WAITING) return false;
		Atomics.add(this.#waiting, this.#to, 1);
		const data = ownBytes(message.data);
		this.#port.postMessage({ ...message, data }, [data.buffer as ArrayBuffer]);
		return true;
	}

	close(): void {
		this.#port.close();
	}
}

/** A buffer of its own: one that is part of a pool would take the pool with it. */
function ownBytes(data: Uint8Array): Uint8Array {
	const whole = data.byteLength === data.buffer.byteLength && data.buffer instanceof ArrayBuffer;
	return whole ? data : new Uint8Array(data);
}
