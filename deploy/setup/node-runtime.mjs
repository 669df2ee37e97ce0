import { createRequire } from "node:module";
import { inRoot } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const NEEDED_MAJOR = 24;

/**
 * A Node that runs TypeScript as it is: the one running this if it is new enough, else the one among the packages.
 * @returns {Promise<{ path: string, version: string }>}
 */
export async function findNode() {
	if (isNewEnough(process.version)) return { path: process.execPath, version: process.version };
	const path = packagedNode();
	if (path) {
		const { code, output } = await runCommand(path, ["--version"]);
		if (code === 0 && isNewEnough(output)) return { path, version: output.trim() };
	}
	throw new SetupError(
		[
			`Rostrum needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}, and npm has none for ${process.platform} on ${process.arch}.`,
			`Install it: ${process.platform === "darwin" ? `brew install node@${NEEDED_MAJOR}` : `nvm install ${NEEDED_MAJOR}`} (or from https://nodejs.org/)`,
		].join("\n"),
	);
}

/** @type {import("./prepare.mjs").Step} */
export const nodeRuntime = {
	name: "Node",
	check: async () => (await findNode()).version,
};

/** @param {string} version */
function isNewEnough(version) {
	return Number(/^v(\d+)\./.exec(version)?.[1]) >= NEEDED_MAJOR;
}

function packagedNode() {
	try {
		const name = `node-${process.platform}-${process.arch}/package.json`;
		return createRequire(inRoot("package.json"))
			.resolve(name)
			.replace(/package\.json$/, "bin/node");
	} catch {
		return undefined;
	}
}
