/** Waits until `check` gives something; what it waited for is said when it does not. */
export async function until<T>(
	what: string,
	check: () => T | undefined | false | null,
	deadlineMs = 20_000,
): Promise<T> {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const value = check();
		if (value) return value;
		if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
