import { readFile, rm, writeFile } from "node:fs/promises";

const POLL_MS = 500;

/**
 * Lets one start at a time change the folder; the others wait, then find the work done. The file holds its owner's pid,
 * so the lock of a start that was killed is taken over.
 * @param {string} path
 * @param {{ isInterrupted: () => boolean, onWait: (pid: number) => void }} options
 * @returns {Promise<() => Promise<void>>} gives the lock back
 */
export async function takeSetupLock(path, { isInterrupted, onWait }) {
	let told = false;
	let emptyPolls = 0;
	for (;;) {
		try {
			await writeFile(path, `${process.pid}\n`, { flag: "wx" });
			return () => rm(path, { force: true });
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
		}
		const owner = Number(await readFile(path, "utf8").catch(() => ""));
		// Without a pid it belongs to a start that is about to write it, or was killed just then.
		if (owner > 0 ? !isAlive(owner) : ++emptyPolls > 4) {
			await rm(path, { force: true });
			continue;
		}
		if (!told && owner > 0) {
			onWait(owner);
			told = true;
		}
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		if (isInterrupted()) throw new Error("interrupted while waiting");
	}
}

/** @param {number} pid */
function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
	}
}
