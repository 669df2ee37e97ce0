import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";

/**
 * One hash over the names and contents of files and folders, given relative to the root. What is missing is left out.
 * @param {string[]} names
 */
export async function hashFiles(names) {
	const hash = createHash("sha256");
	for (const name of names) await addToHash(hash, name);
	return hash.digest("hex");
}

/** @param {import("node:crypto").Hash} hash @param {string} name */
async function addToHash(hash, name) {
	const path = inRoot(name);
	if (!existsSync(path)) return;
	if ((await stat(path)).isDirectory()) {
		for (const entry of (await readdir(path)).sort()) await addToHash(hash, join(name, entry));
	} else
		hash
			.update(`${name}\0`)
			.update(await readFile(path))
			.update("\0");
}

/** The content of a stamp file, or undefined. @param {string} path */
export async function readStamp(path) {
	return readFile(path, "utf8").then(
		(text) => text.trim(),
		() => undefined,
	);
}
