import type { EventTopics, RetainedTopics } from "../protocol/bus-topics.ts";

/**
 * Events between the parts of Rostrum. In memory: a subscriber is called in a microtask after `publish`, in the order of
 * publishing; what it throws is handed to `onError` and harms nobody else.
 */
export interface Bus {
	publish<T extends keyof EventTopics>(topic: T, event: EventTopics[T]): void;
	/** Returns the function that ends the subscription. */
	subscribe<T extends keyof EventTopics>(topic: T, listener: (event: EventTopics[T]) => void): () => void;
	/** Sets (or with null removes) the value under `key`, and tells every watcher. */
	retain<T extends keyof RetainedTopics>(topic: T, key: string, value: RetainedTopics[T] | null): void;
	/** Calls `listener` for every value held now, then for every change. Returns the function that ends it. */
	watch<T extends keyof RetainedTopics>(
		topic: T,
		listener: (key: string, value: RetainedTopics[T] | null) => void,
	): () => void;
}

type Listener = (...args: never[]) => void;

export function createMemoryBus({ onError }: { onError: (error: unknown, topic: string) => void }): Bus {
	const listeners = new Map<string, Set<Listener>>();
	const retained = new Map<string, Map<string, unknown>>();

	function add(topic: string, listener: Listener): () => void {
		const set = listeners.get(topic) ?? new Set();
		listeners.set(topic, set.add(listener));
		return () => set.delete(listener);
	}
	function call(topic: string, listener: Listener, args: unknown[]): void {
		queueMicrotask(() => {
			if (!listeners.get(topic)?.has(listener)) return;
			try {
				(listener as (...args: unknown[]) => void)(...args);
			} catch (error) {
				onError(error, topic);
			}
		});
	}
	function tell(topic: string, args: unknown[]): void {
		for (const listener of listeners.get(topic) ?? []) call(topic, listener, args);
	}

	return {
		publish: (topic, event) => tell(topic, [event]),
		subscribe: (topic, listener) => add(topic, listener),
		retain(topic, key, value) {
			const values = retained.get(topic) ?? new Map();
			retained.set(topic, values);
			if (value === null) values.delete(key);
			else values.set(key, value);
			tell(topic, [key, value]);
		},
		watch(topic, listener) {
			const stop = add(topic, listener);
			for (const [key, value] of retained.get(topic) ?? []) call(topic, listener, [key, value]);
			return stop;
		},
	};
}
