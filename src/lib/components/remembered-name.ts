const KEY = "rostrum.name";

/** What this person called themselves the last time; empty if they never did. */
export function rememberedName(): string {
	try {
		return localStorage.getItem(KEY) ?? "";
	} catch {
		// Storage is refused in some frames and private windows; the name is then asked for again.
		return "";
	}
}

export function rememberName(name: string): void {
	try {
		localStorage.setItem(KEY, name);
	} catch {
		// As above.
	}
}
