import { expect, it } from "vitest";
import { inRoot } from "../setup/paths.mjs";
import { readReport } from "./vitest-run.mjs";

const name = inRoot("core/some.test.ts");
const passed = { name, status: "passed", message: "", assertionResults: [{ status: "passed" }] };
const failed = {
	...passed,
	status: "failed",
	assertionResults: [
		{ status: "passed" },
		{ status: "failed", fullName: "adds up", failureMessages: ["Error: expected 2\n    at line 3"] },
	],
};
const unloaded = { name, status: "failed", message: "Cannot find module", assertionResults: [] };
const report = (counts: object, testResults: object[]) =>
	JSON.stringify({ numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, ...counts, testResults });

it.each([
	["tests", report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }, [passed]), false, 3, 2, []],
	[
		"failures",
		report({ numPassedTests: 2 }, [passed, failed]),
		true,
		2,
		0,
		["core/some.test.ts: adds up: Error: expected 2"],
	],
	[
		"a file that could not be loaded",
		report({ numPassedTests: 2 }, [passed, unloaded]),
		true,
		2,
		0,
		["core/some.test.ts: Cannot find module"],
	],
	["an error outside every test", report({ numPassedTests: 2 }, [passed]), true, 2, 0, ["an error outside every test"]],
	["a run that wrote no report", undefined, true, 0, 0, ["vitest wrote no report"]],
])("reads %s", (_what, text, runFailed, passedCount, skipped, failures) => {
	expect(readReport(text, runFailed)).toEqual({ passed: passedCount, skipped, failures });
});
