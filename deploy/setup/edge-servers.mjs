import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/** The edges of deploy/edge, for tests and benchmarks. */
export const varnish = edgeServer("Varnish", "varnish", "varnishd", "-V", /varnish-(\d[\w.]*)/);
export const nginx = edgeServer("nginx", "nginx", "nginx", "-v", /nginx\/(\d[\d.]*)/);

/**
 * Debian's and Ubuntu's package of that name.
 * @param {string} name
 * @param {string} packageName
 * @param {string} program
 * @param {string} versionFlag
 * @param {RegExp} version
 * @returns {import("./prepare.mjs").Step}
 */
function edgeServer(name, packageName, program, versionFlag, version) {
	async function installedVersion() {
		// The last folder is not on everyone's PATH.
		const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
		const path = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
		const { output } = path ? await runCommand(path, [versionFlag]) : { output: "" };
		return version.exec(output)?.[1];
	}
	return {
		name,
		doing: `apt-get install ${packageName}`,
		check: installedVersion,
		async make({ onLine }) {
			// Debian starts its service at once; nobody here asked for one.
			if (!(await installByApt(packageName, onLine)) || !(await installedVersion())) {
				const command = `apt-get install ${packageName}`;
				throw new SetupError(`${name} is not installed. Install it (${command}), then start again.`);
			}
			if (!existsSync("/run/systemd/system")) return;
			await runCommand("sudo", ["-n", "systemctl", "disable", "--now", packageName]);
		},
	};
}
