import { existsSync } from "node:fs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/** The peer that benchmarks compare with. @type {import("./prepare.mjs").Step} */
export const janus = {
	name: "Janus",
	doing: "apt-get install janus",
	async check() {
		const { code, output } = await runCommand("janus", ["--version"]);
		return code === 127 ? undefined : (/\((\d\S*)\)/.exec(output)?.[1] ?? "installed");
	},
	async make({ onLine }) {
		// Debian starts its service at once; nobody here asked for one.
		const mayInstall = existsSync("/usr/bin/apt-get") && (await installByApt("janus", onLine));
		if (!mayInstall || !(await janus.check()))
			throw new SetupError("janus is not on PATH. Install it (apt-get install janus), then start again.");
		if (existsSync("/run/systemd/system")) await runCommand("sudo", ["-n", "systemctl", "disable", "--now", "janus"]);
	},
};
