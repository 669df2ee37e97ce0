import { readFileSync } from "node:fs";

/** Where the system does not tell. */
const USUAL_DESCRIPTORS = 10_000;
/** Each takes some 30 kB when it is used. */
const MOST_CONNECTIONS = 100_000;
const MOST_FILES = 2_000;

/** How many connections and files of the audience may be open, so that the rest of the server can still open its own. */
export function connectionLimits(): { connections: number; files: number } {
	const descriptors = descriptorLimit();
	return {
		connections: Math.min(MOST_CONNECTIONS, Math.floor(descriptors * 0.75)),
		files: Math.min(MOST_FILES, Math.floor(descriptors * 0.125)),
	};
}

/** Node has raised it as far as it may by itself. */
function descriptorLimit(): number {
	try {
		const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
		return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? USUAL_DESCRIPTORS);
	} catch {
		return USUAL_DESCRIPTORS;
	}
}
