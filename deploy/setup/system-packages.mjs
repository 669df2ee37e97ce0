import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * Installs a Debian package where this may: as root, or with a sudo that asks for no password.
 * @param {string} name
 * @param {(line: string) => void} onLine
 * @returns {Promise<boolean>} false where it may not, or where there is no apt
 * @throws {SetupError} when apt fails
 */
export async function installByApt(name, onLine) {
	if (!existsSync("/usr/bin/apt-get")) return false;
	const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
	if (asRoot.length > 0 && (await runCommand("sudo", ["-n", "true"])).code !== 0) return false;
	for (const args of [["update"], ["install", "-y", "--no-install-recommends", name]]) {
		const [command = "", ...rest] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
		const { code, output } = await runCommand(command, rest, { onLine, endBy: "SIGTERM" });
		if (code !== 0) throw new SetupError(`apt-get ${args.join(" ")} failed with code ${code}.`, output);
	}
	return true;
}

/** The distribution as its maintainers call it: debian, ubuntu, fedora… Empty where that is not said. */
export async function distribution() {
	const release = await readFile("/etc/os-release", "utf8").catch(() => "");
	return /^ID="?([^"\n]*)/m.exec(release)?.[1] ?? "";
}
