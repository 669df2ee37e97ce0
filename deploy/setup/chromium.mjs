import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { findNode } from "./node-runtime.mjs";
import { inRoot } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { distribution, installByApt } from "./system-packages.mjs";

/**
 * The browser of the end-to-end tests: CHROMIUM_PATH, else the system's, else Playwright's own download.
 * @returns {string | undefined}
 */
export function findChromium() {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	const names = ["chromium", "google-chrome"];
	const own = createRequire(inRoot("package.json"))("playwright-core").chromium.executablePath();
	const candidates = [
		process.env["CHROMIUM_PATH"],
		...names.flatMap((name) => folders.map((folder) => join(folder, name))),
		own,
	];
	return candidates.find((path) => path && existsSync(path));
}

/** Debian's package where apt may, Playwright's download elsewhere. @type {import("./prepare.mjs").Step} */
export const chromium = {
	name: "Chromium",
	doing: "apt-get install chromium, or Playwright's download",
	check: async () => findChromium(),
	async make({ onLine }) {
		// Ubuntu's packages of that name only fetch a snap.
		if ((await distribution()) === "debian" && (await installByApt("chromium", onLine))) return;
		const { path } = await findNode();
		const install = [inRoot("node_modules/playwright-core/cli.js"), "install", "chromium"];
		const { code, output } = await runCommand(path, install, { onLine });
		if (code !== 0 || !findChromium()) {
			throw new SetupError("Chromium could not be installed. Name one by CHROMIUM_PATH=/path/to/chromium.", output);
		}
	},
};
