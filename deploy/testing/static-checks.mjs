import { inRoot } from "../setup/paths.mjs";
import { seconds } from "../setup/progress.mjs";
import { runCommand } from "../setup/run-command.mjs";

/** Scripts of the packages, run by the Node that is given. @type {[name: string, script: string, args: string[]][]} */
const checks = [
	["svelte-kit sync", "@sveltejs/kit/svelte-kit.js", ["sync"]],
	["biome", "@biomejs/biome/bin/biome", ["ci", "--colors=off"]],
	["prettier", "prettier/bin/prettier.cjs", ["--check", "--log-level=warn", "src/**/*.svelte", "*.md", "docs/**/*.md"]],
	["tsc", "@typescript/native/bin/tsc", ["-p", "."]],
	["svelte-check", "svelte-check/bin/svelte-check", ["--tsconfig", "tsconfig.app.json", "--output", "human"]],
	["knip", "knip/bin/knip.js", ["--no-progress"]],
];

/**
 * Runs every check that needs nothing started. Each counts as one test; what a failed one printed is shown.
 * @param {string} node path of the Node to run them with
 * @returns {Promise<import("./vitest-run.mjs").Result>}
 */
export async function runStaticChecks(node) {
	/** @type {import("./vitest-run.mjs").Result} */
	const result = { passed: 0, skipped: 0, failures: [] };
	for (const [name, script, args] of checks) {
		const startedAt = Date.now();
		const { code, output } = await runCommand(node, [inRoot("node_modules", script), ...args]);
		if (code === 0) result.passed++;
		else result.failures.push(name);
		process.stdout.write(`  ${code === 0 ? "✓" : "✗"} ${name} ${seconds(Date.now() - startedAt)}\n`);
		if (code !== 0) process.stdout.write(`${output.trimEnd().replace(/^/gm, "    ")}\n`);
	}
	return result;
}
