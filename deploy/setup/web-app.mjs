import { writeFile } from "node:fs/promises";
import { hashFiles, readStamp } from "./hash-files.mjs";
import { findNode } from "./node-runtime.mjs";
import { inRoot } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const stampPath = inRoot("build", ".rostrum-build");
const currentHash = () =>
	hashFiles(["src", "static", "core/protocol", "svelte.config.js", "vite.config.ts", "package-lock.json"]);

/** The pages are built from their present sources. @type {import("./prepare.mjs").Step} */
export const webApp = {
	name: "Pages",
	doing: "vite build",
	async check() {
		return (await readStamp(stampPath)) === (await currentHash()) ? "built" : undefined;
	},
	async make({ onLine }) {
		const hash = await currentHash(); // of what is built, even if someone edits meanwhile
		const { path } = await findNode();
		const { code, output } = await runCommand(path, [inRoot("node_modules/vite/bin/vite.js"), "build"], { onLine });
		if (code !== 0) throw new SetupError(`vite build failed with code ${code}.`, output);
		await writeFile(stampPath, hash);
	},
};
