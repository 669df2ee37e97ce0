import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** The repository's own files whose name ends as one of `endings`, as paths from the root with slashes. */
export function repositoryFiles(...endings: string[]): string[] {
	return globSync(
		endings.map((ending) => `**/*${ending}`),
		{ cwd: root, exclude: ["node_modules", "build", ".svelte-kit", "data", "test-results"] },
	).sort();
}

export function readText(file: string): string {
	return readFileSync(join(root, file), "utf8");
}
