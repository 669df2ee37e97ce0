/** Preloaded into a server's threads, which workers take over: each collects its garbage when asked and says what is left. */
import { getHeapStatistics } from "node:v8";
import { threadId } from "node:worker_threads";

export interface HeapOfThread {
	/** 0 is the main thread. */
	thread: number;
	/** Bytes of objects, after a collection. */
	heap: number;
	/** Bytes of buffers, after it. */
	buffers: number;
	/** Bytes that V8 holds of the system for objects and its own needs, used or not. */
	held: number;
}

export const QUESTION = "heap-question";
export const ANSWER = "heap-answer";

const questions = new BroadcastChannel(QUESTION);
const answers = new BroadcastChannel(ANSWER);
questions.onmessage = () => {
	globalThis.gc?.();
	const { heapUsed, heapTotal, arrayBuffers } = process.memoryUsage();
	const held = heapTotal + getHeapStatistics().malloced_memory;
	answers.postMessage({ thread: threadId, heap: heapUsed, buffers: arrayBuffers, held } satisfies HeapOfThread);
};
// A thread may end although nobody asks any more.
for (const channel of [questions, answers]) (channel as unknown as { unref(): void }).unref();
