import { expect, it } from "vitest";
import { countReport } from "./vitest-run.mjs";

const passed = { status: "passed", assertionResults: [{ status: "passed" }] };
const failed = { status: "failed", assertionResults: [{ status: "failed" }] };
const unloaded = { status: "failed", assertionResults: [] };
const report = (counts: object, testResults: object[]) =>
	JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, ...counts, testResults });

it.each([
	["tests", report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }, [passed]), false, [3, 0, 2]],
	["failures", report({ numPassedTests: 2, numFailedTests: 1 }, [passed, failed]), true, [2, 1, 0]],
	["a file that could not be loaded", report({ numPassedTests: 2 }, [passed, unloaded]), true, [2, 1, 0]],
	["an error outside every test", report({ numPassedTests: 2 }, [passed]), true, [2, 1, 0]],
	["a run that wrote no report", undefined, true, [0, 1, 0]],
])("counts %s", (_what, text, runFailed, [passedCount, failedCount, skipped]) => {
	expect(countReport(text, runFailed)).toEqual({ passed: passedCount, failed: failedCount, skipped });
});
