import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { childEnvironment, inRoot, root } from "../setup/paths.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Runs projects of vitest.config.ts, printing as vitest does, and counts from its report.
 * @param {string} node path of the Node to run it with
 * @param {string[]} projects
 * @param {Record<string, string>} environment
 * @returns {Promise<Counts>}
 */
export async function runVitest(node, projects, environment) {
	const report = inRoot("test-results", `vitest-${projects.join("-")}.json`);
	await rm(report, { force: true });
	const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
	for (const project of projects) args.push("--project", project);
	const ended = new Promise((resolve) => {
		const child = spawn(node, [inRoot("node_modules/vitest/vitest.mjs"), ...args], {
			cwd: root,
			env: childEnvironment(environment),
			stdio: ["ignore", "inherit", "inherit"],
		});
		child.on("error", () => resolve(127));
		child.on("close", (code) => resolve(code ?? 1));
	});
	const code = await ended;
	return countReport(await readFile(report, "utf8").catch(() => undefined), code !== 0);
}

/**
 * @param {string | undefined} report what vitest's JSON reporter wrote
 * @param {boolean} runFailed whether vitest ended with another code than 0
 * @returns {Counts}
 */
export function countReport(report, runFailed) {
	if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
	const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report);
	// A file that could not be loaded has no tests to fail; it counts as one.
	const unloaded = testResults.filter(
		(/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
			file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
	).length;
	const failed = numFailedTests + unloaded;
	// An error outside every test fails the run as well.
	return {
		passed: numPassedTests,
		failed: runFailed ? Math.max(failed, 1) : failed,
		skipped: numPendingTests + numTodoTests,
	};
}
