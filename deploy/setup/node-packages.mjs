import { writeFile } from "node:fs/promises";
import { hashFiles, readStamp } from "./hash-files.mjs";
import { inRoot } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const stampPath = inRoot("node_modules", ".rostrum-lock");
const currentHash = () => hashFiles(["package-lock.json"]);

/**
 * What package-lock.json names is in node_modules. The stamp is written last, so an interrupted installation starts over.
 * @type {import("./prepare.mjs").Step}
 */
export const nodePackages = {
	name: "Packages",
	doing: "npm ci, about a minute and 800 MB",
	async check() {
		return (await readStamp(stampPath)) === (await currentHash()) ? "as package-lock.json says" : undefined;
	},
	async make({ onLine }) {
		// The npm that runs this script, if one does; it need not be on PATH. Warnings are about the older Node, replaced next.
		const npm = process.env["npm_execpath"];
		const args = ["ci", "--include=dev", "--include=optional", "--loglevel=error", "--no-progress"];
		const { code, output } = await (npm?.endsWith(".js")
			? runCommand(process.execPath, [npm, ...args], { onLine })
			: runCommand("npm", args, { onLine }));
		if (code === 127) throw new SetupError("npm is not on PATH. It comes with Node: https://nodejs.org/", output);
		if (code !== 0)
			throw new SetupError(`npm ci failed with code ${code}. When the reason is mended, start again.`, output);
		await writeFile(stampPath, await currentHash());
	},
};
