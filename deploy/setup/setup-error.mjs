/** Something a person has to put right. The message says what, and what to type. */
export class SetupError extends Error {
	/** @override */
	name = "SetupError";
	/** What the failed command printed, shown in full below the message. */
	output = "";

	/** @param {string} message @param {string} [output] */
	constructor(message, output = "") {
		super(message);
		this.output = output;
	}
}

/** What a file system refuses, in words; of anything else the stack as well. @param {unknown} error */
export function inWords(error) {
	const { code, path, message, stack } = /** @type {NodeJS.ErrnoException} */ (error);
	const where = path ?? "a file";
	if (code === "EACCES" || code === "EPERM") {
		return new SetupError(`No permission to write ${where}. Is the folder another user's?`);
	}
	if (code === "EROFS") return new SetupError(`${where} is on a read-only file system.`);
	if (code === "ENOSPC") return new SetupError("The disk is full. Rostrum and what it needs take about 1 GB.");
	return new SetupError(message, stack);
}
