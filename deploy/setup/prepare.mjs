import { inRoot } from "./paths.mjs";
import { createProgress } from "./progress.mjs";
import { endRunningCommands } from "./run-command.mjs";
import { inWords, SetupError } from "./setup-error.mjs";
import { takeSetupLock } from "./setup-lock.mjs";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Promise<string | undefined>} check what was found, in a few words; undefined: there is work to do
 * @property {string} [doing] what `make` does, for people
 * @property {(context: { onLine: (line: string) => void }) => Promise<void>} [make] absent where `check` finds it or throws
 */

/**
 * Takes the steps in order, each only if its check finds work to do. Ends the process, with a reason a person can act on,
 * when one fails or a signal arrives.
 * @param {Step[]} steps
 */
export async function prepare(steps) {
	const progress = createProgress();
	/** @type {(() => Promise<void>) | undefined} */
	let unlock;
	/** @type {NodeJS.Signals | undefined} */
	let interrupted;
	/** @param {NodeJS.Signals} signal */
	function interrupt(signal) {
		interrupted = signal;
		endRunningCommands();
	}
	const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
	for (const signal of signals) process.on(signal, interrupt);
	try {
		for (const step of steps) {
			let found = await step.check();
			if (found === undefined && !unlock) {
				unlock = await takeSetupLock(inRoot(".setup.lock"), {
					isInterrupted: () => interrupted !== undefined,
					onWait: (pid) => progress.note(`… Waiting for process ${pid}, which prepares this folder`),
				});
				found = await step.check();
			}
			if (found === undefined) await make(step, progress);
			else progress.note(`✓ ${step.name}: ${found}`);
			if (interrupted) throw new SetupError(`Interrupted by ${interrupted}.`);
		}
	} catch (error) {
		const { message, output } = error instanceof SetupError ? error : inWords(error);
		if (interrupted) process.stderr.write("\n  Interrupted. What is missing is fetched at the next start.\n");
		else
			process.stderr.write(
				`\n${output && `${output.trimEnd().replace(/^/gm, "    ")}\n\n`}  ${message.replaceAll("\n", "\n  ")}\n`,
			);
		await unlock?.();
		process.exit(interrupted ? (interrupted === "SIGINT" ? 130 : 143) : 1);
	}
	await unlock?.();
	for (const signal of signals) process.off(signal, interrupt);
}

/** @param {Step} step @param {ReturnType<typeof createProgress>} progress */
async function make(step, progress) {
	const shown = progress.begin(step.name, step.doing ?? "");
	try {
		await step.make?.({ onLine: shown.line });
		shown.end(true);
	} catch (error) {
		shown.end(false, "failed");
		throw error;
	}
}
