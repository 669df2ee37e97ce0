/** As `promise`, but rejects with `explain()` when that takes longer than `milliseconds`. */
export async function deadline<T>(promise: Promise<T>, milliseconds: number, explain: () => string): Promise<T> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(() => late.reject(new Error(`${explain()} (within ${milliseconds} ms)`)), milliseconds);
	try {
		return await Promise.race([promise, late.promise]);
	} finally {
		clearTimeout(timer);
	}
}

/** Asks `look` again and again until it gives something other than undefined or false. */
export async function eventually<T>(
	look: () => Promise<T | undefined | false> | T | undefined | false,
	milliseconds: number,
	explain: () => string,
): Promise<T> {
	const endsAt = performance.now() + milliseconds;
	while (performance.now() < endsAt) {
		const found = await look();
		if (found !== undefined && found !== false) return found;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`${explain()} (within ${milliseconds} ms)`);
}
