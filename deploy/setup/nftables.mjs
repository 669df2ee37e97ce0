import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/** @param {string} program */
function find(program) {
	const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
	return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

const programs = [
	{ program: "ip", name: "iproute2" },
	{ program: "nft", name: "nftables" },
	{ program: "socat", name: "socat" },
];

/** With these tests put a browser behind a firewall or a bad network; only root may. @type {import("./prepare.mjs").Step} */
export const nftables = {
	name: "nftables",
	doing: "apt-get install nftables iproute2 socat",
	check: async () =>
		process.getuid?.() !== 0 ? "needs root" : programs.every(({ program }) => find(program)) ? "found" : undefined,
	async make({ onLine }) {
		for (const { program, name } of programs) {
			if (find(program) || ((await installByApt(name, onLine)) && find(program))) continue;
			throw new SetupError(`${name} is not installed. Install it (apt-get install ${name}), then start again.`);
		}
	},
};
