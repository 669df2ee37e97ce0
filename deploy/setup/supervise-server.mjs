import { spawn } from "node:child_process";
import { constants } from "node:os";
import { childEnvironment } from "./paths.mjs";

/** One Ctrl-C reaches this process twice: from the terminal, and passed on by npm. Both within this time are one. */
const SAME_PRESS_MS = 400;

/**
 * Runs the server until it ends. The first SIGINT, SIGTERM or SIGHUP asks it to end, a second one kills it. The server leads a
 * process group of its own, so that a terminal's Ctrl-C reaches it once, through here, and so that nothing of
 * the group outlives it. Its IPC channel tells it when this process dies.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export function superviseServer(command, args) {
	return new Promise((resolve) => {
		const child = spawn(command, args, {
			env: childEnvironment(),
			stdio: ["inherit", "inherit", "inherit", "ipc"],
			detached: true,
		});
		let askedAt = 0;
		function end() {
			const now = Date.now();
			if (askedAt === 0) {
				askedAt = now;
				child.kill("SIGTERM");
			} else if (now - askedAt > SAME_PRESS_MS) killGroup(child.pid);
		}
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
		child.on("error", (error) => {
			process.stderr.write(`  ${command} could not be started: ${error.message}\n`);
			resolve(1);
		});
		child.on("exit", (code, signal) => {
			killGroup(child.pid);
			resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]);
		});
	});
}

/** @param {number | undefined} leader */
function killGroup(leader) {
	if (leader === undefined) return;
	try {
		process.kill(-leader, "SIGKILL");
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
	}
}
