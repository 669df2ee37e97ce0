import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/**
 * coturn's turnserver, the TURN server of the network tests.
 * @returns {string | undefined}
 */
export function findTurnServer() {
	const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
	return folders.map((folder) => join(folder, "turnserver")).find((path) => existsSync(path));
}

/** Debian's and Ubuntu's package. @type {import("./prepare.mjs").Step} */
export const coturn = {
	name: "coturn",
	doing: "apt-get install coturn",
	check: async () => findTurnServer(),
	async make({ onLine }) {
		// Debian starts its service at once; nobody here asked for one.
		const mayInstall = existsSync("/usr/bin/apt-get") && (await installByApt("coturn", onLine));
		if (!mayInstall || !findTurnServer())
			throw new SetupError("coturn is not installed. Install it (apt-get install coturn), then start again.");
		if (existsSync("/run/systemd/system")) await runCommand("sudo", ["-n", "systemctl", "disable", "--now", "coturn"]);
	},
};
