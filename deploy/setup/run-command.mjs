import { spawn } from "node:child_process";
import { childEnvironment, root } from "./paths.mjs";

/** What failed commands print is kept up to here; the end tells the reason. */
const MAX_KEPT_CHARACTERS = 200_000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * Runs a command without input and keeps what it prints.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 where there is no such command, 128 + n after signal n
 */
export function runCommand(command, args, { env, onLine } = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { cwd: root, env: childEnvironment(env), stdio: ["ignore", "pipe", "pipe"] });
		running.add(child);
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
			resolve({ code: code ?? (signal === "SIGINT" ? 130 : 143), output });
		});
	});
}

/** Asks every command under way to end. They leave the list, and their promises settle, as they do. */
export function endRunningCommands() {
	for (const child of running) child.kill("SIGTERM");
}
