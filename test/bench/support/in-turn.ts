import { startJanus } from "./janus-under-test.ts";
import { startRostrum } from "./rostrum-under-test.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** What each server gave, in order of measuring. */
export interface Results<T> {
	/** With its version. */
	server: string;
	measured: T[];
}

/** Measures both servers `repeats` times, each time in a process of its own, and in the other order than the time before. */
export async function measureInTurn<T>(
	repeats: number,
	measure: (server: ServerUnderTest) => Promise<T>,
): Promise<Results<T>[]> {
	const starts = [startRostrum, startJanus];
	const results = new Map<string, T[]>();
	for (let repeat = 0; repeat < repeats; repeat++) {
		for (const start of repeat % 2 === 0 ? starts : starts.toReversed()) {
			const server = await start();
			try {
				const name = [server.name, server.version].filter(Boolean).join(" ");
				results.set(name, [...(results.get(name) ?? []), await measure(server)]);
			} finally {
				await server.close();
			}
		}
	}
	return [...results].map(([server, measured]) => ({ server, measured }));
}
