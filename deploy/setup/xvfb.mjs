import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

function findXvfb() {
	return (process.env["PATH"] ?? "")
		.split(delimiter)
		.map((folder) => join(folder, "Xvfb"))
		.find((path) => existsSync(path));
}

/** A display for a browser that is grabbed from it. @type {import("./prepare.mjs").Step} */
export const xvfb = {
	name: "Xvfb",
	doing: "apt-get install xvfb",
	check: async () => findXvfb(),
	async make({ onLine }) {
		if ((await installByApt("xvfb", onLine)) && findXvfb()) return;
		throw new SetupError("Xvfb is not installed. Install it (apt-get install xvfb), then start again.");
	},
};
