import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface CommandResult {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** Runs a command to its end; killed after `milliseconds`. */
export async function runCommand(command: string, args: string[], milliseconds: number): Promise<CommandResult> {
	const child = spawn(command, args, {
		stdio: ["ignore", "pipe", "pipe"],
		timeout: milliseconds,
		killSignal: "SIGKILL",
	});
	const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
	return { code, stdout, stderr };
}
