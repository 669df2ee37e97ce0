import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this copy of Rostrum lies. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @param {string[]} parts */
export function inRoot(...parts) {
	return join(root, ...parts);
}

/**
 * The environment for a child: what the packages bring comes first on its PATH, `node` itself included.
 * @param {Record<string, string>} [more]
 */
export function childEnvironment(more = {}) {
	return { ...process.env, PATH: [inRoot("node_modules", ".bin"), process.env["PATH"]].join(delimiter), ...more };
}
