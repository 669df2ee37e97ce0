import { spawn } from "node:child_process";
import { constants } from "node:os";
import { childEnvironment, root } from "./paths.mjs";

/** What failed commands print is kept up to here; the end tells the reason. */
const MAX_KEPT_CHARACTERS = 200_000;

/** Commands under way, each with the signal that ends it. @type {Map<import("node:child_process").ChildProcess, NodeJS.Signals>} */
const running = new Map();

/**
 * Runs a command without input and keeps what it prints.
 * @param {string} command
 * @param {string[]} args
 * @param {{ onLine?: (line: string) => void, endBy?: NodeJS.Signals }} [options] `endBy`: how to interrupt it; most of what
 * runs here leaves nothing that the next start would not do anew, and npm takes a minute to end of itself
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 where there is no such command, 128 + n after signal n
 */
export function runCommand(command, args, { onLine, endBy = "SIGKILL" } = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { cwd: root, env: childEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
		running.set(child, endBy);
		let output = "";
		/** @param {string} text */
		function keep(text) {
			output = (output + text).slice(-MAX_KEPT_CHARACTERS);
			const line = text.trim().split("\n").pop();
			if (line) onLine?.(line);
		}
		child.stdout.setEncoding("utf8").on("data", keep);
		child.stderr.setEncoding("utf8").on("data", keep);
		child.on("error", (error) => {
			if (child.pid !== undefined) return; // it runs, but a signal could not be sent: it is another user's, by sudo
			running.delete(child);
			resolve({ code: 127, output: error.message });
		});
		child.on("close", (code, signal) => {
			running.delete(child);
			resolve({ code: code ?? 128 + constants.signals[signal ?? "SIGTERM"], output });
		});
	});
}

/** Asks every command under way to end. They leave the list, and their promises settle, as they do. */
export function endRunningCommands() {
	for (const [child, signal] of running) child.kill(signal);
}
