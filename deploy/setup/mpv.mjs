import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/** One of the players that the stream is tried with. @type {import("./prepare.mjs").Step} */
export const mpv = {
	name: "mpv",
	doing: "apt-get install mpv",
	async check() {
		const { code, output } = await runCommand("mpv", ["--version"]);
		return code === 0 ? /^mpv \S+/.exec(output)?.[0] : undefined;
	},
	async make({ onLine }) {
		if ((await installByApt("mpv", onLine)) && (await mpv.check())) return;
		throw new SetupError("mpv is not installed. Install it (apt-get install mpv), then start again.");
	},
};
