import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { relative } from "node:path";
import { childEnvironment, inRoot, root } from "../setup/paths.mjs";

/** What a suite came to; of each failure, what failed and the first line of why. @typedef {{ passed: number, skipped: number, failures: string[] }} Result */

/**
 * Runs projects of vitest.config.ts, printing as vitest does, and counts from its report.
 * @param {string} node path of the Node to run it with
 * @param {string[]} projects
 * @param {Record<string, string>} environment
 * @returns {Promise<Result>}
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
	return readReport(await readFile(report, "utf8").catch(() => undefined), code !== 0);
}

/**
 * @param {string | undefined} report what vitest's JSON reporter wrote
 * @param {boolean} runFailed whether vitest ended with another code than 0
 * @returns {Result}
 */
export function readReport(report, runFailed) {
	if (report === undefined) return { passed: 0, skipped: 0, failures: ["vitest wrote no report"] };
	/** @type {{ numPassedTests: number, numPendingTests: number, numTodoTests: number, testResults: File[] }} */
	const { numPassedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report);
	const failures = testResults.flatMap(failuresOf);
	// An error outside every test fails the run as well.
	if (runFailed && failures.length === 0) failures.push("an error outside every test");
	return { passed: numPassedTests, skipped: numPendingTests + numTodoTests, failures };
}

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} File
 * @param {File} file
 */
function failuresOf({ name, status, message, assertionResults }) {
	const path = relative(root, name);
	const failed = assertionResults.filter((assertion) => assertion.status === "failed");
	// A file that could not be loaded has no tests to fail; it counts as one.
	if (status === "failed" && failed.length === 0) return [`${path}: ${firstLine(message)}`];
	return failed.map(({ fullName, failureMessages }) => `${path}: ${fullName}: ${firstLine(failureMessages[0])}`);
}

/** @param {string | undefined} text */
function firstLine(text) {
	return text?.split("\n", 1)[0] ?? "";
}
