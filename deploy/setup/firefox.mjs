import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./setup-error.mjs";
import { distribution, installByApt } from "./system-packages.mjs";

/**
 * The second browser of the conformance suite: FIREFOX_PATH, else the system's.
 * @returns {string | undefined}
 */
export function findFirefox() {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	const names = ["firefox-esr", "firefox"];
	const candidates = [
		process.env["FIREFOX_PATH"],
		...names.flatMap((name) => folders.map((folder) => join(folder, name))),
	];
	return candidates.find((path) => path && existsSync(path));
}

/** Debian's package where apt may. @type {import("./prepare.mjs").Step} */
export const firefox = {
	name: "Firefox",
	doing: "apt-get install firefox-esr",
	check: async () => findFirefox(),
	async make({ onLine }) {
		// Ubuntu's package of that name only fetches a snap.
		if ((await distribution()) === "debian" && (await installByApt("firefox-esr", onLine))) return;
		throw new SetupError("Firefox is not installed. Install one, or name it by FIREFOX_PATH=/path/to/firefox.");
	},
};
