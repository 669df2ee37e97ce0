import type { MessagePort } from "node:worker_threads";
import { createLog, type Logger } from "../../core/runtime/log.ts";

/** A line of another thread's log, on its way to where all lines go. */
export interface LogMessage {
	type: "log";
	line: string;
}

/** The log of a thread, which says everything by messages to the main thread. */
export function createThreadLog(level: string, port: MessagePort): Logger {
	const write = (line: string) => port.postMessage({ type: "log", line } satisfies LogMessage);
	return createLog({ level, pretty: false, stream: { write } });
}

/** Says in this thread what another one has said. */
export function logAgain(log: Logger, { line }: LogMessage): void {
	const { level, time: _time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg: string };
	const name = log.levels.labels[level];
	if (name === "fatal" || name === "error" || name === "warn") log[name](fields, msg);
	else log[name === "info" ? "info" : "debug"](fields, msg);
}
