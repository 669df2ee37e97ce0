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

/** Words for what a file system refuses. @param {unknown} error */
export function describeError(error) {
	const { code, path, message } = /** @type {NodeJS.ErrnoException} */ (error);
	const where = path ?? "a file";
	if (code === "EACCES" || code === "EPERM") return `No permission to write ${where}. Is the folder another user's?`;
	if (code === "EROFS") return `${where} is on a read-only file system.`;
	if (code === "ENOSPC") return "The disk is full. Rostrum and what it needs take about 1 GB.";
	return message;
}
