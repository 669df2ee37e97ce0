import { existsSync } from "node:fs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

const commands = {
	"/usr/bin/apt-get": "sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg",
	"/usr/bin/dnf":
		"sudo dnf install -y https://mirrors.rpmfusion.org/free/fedora/rpmfusion-free-release-$(rpm -E %fedora).noarch.rpm && sudo dnf install -y --allowerasing ffmpeg",
	"/usr/bin/pacman": "sudo pacman -S --needed ffmpeg",
	"/opt/homebrew/bin/brew": "brew install ffmpeg",
	"/usr/local/bin/brew": "brew install ffmpeg",
};

/** An ffmpeg on PATH that encodes H.264 and AAC. @type {import("./prepare.mjs").Step} */
export const ffmpeg = {
	name: "ffmpeg",
	doing: "apt-get install ffmpeg",
	async check() {
		const { version, missing } = await inspect();
		return version && missing.length === 0 ? version : undefined;
	},
	async make({ onLine }) {
		const { version, missing } = await inspect();
		if (!version && (await installByApt("ffmpeg", onLine)) && (await ffmpeg.check())) return;
		const lack = version
			? `The ffmpeg on PATH (${version}) has no ${missing.join(" and no ")}.`
			: "ffmpeg is not on PATH.";
		const command = Object.entries(commands).find(([tool]) => existsSync(tool))?.[1];
		throw new SetupError(
			command
				? `${lack} Type this, then start again:\n\n  ${command}`
				: `${lack} Install one with libx264 and aac (https://ffmpeg.org/download.html), then start again.`,
		);
	},
};

async function inspect() {
	const { code, output } = await runCommand("ffmpeg", ["-hide_banner", "-encoders"]);
	if (code !== 0) return { version: undefined, missing: [] };
	const missing = ["libx264", "aac"].filter((encoder) => !new RegExp(`^ \\S+ ${encoder} `, "m").test(output));
	const banner = (await runCommand("ffmpeg", ["-version"])).output;
	return { version: /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? "unknown version", missing };
}
