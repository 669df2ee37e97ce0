import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import ffmpeg from "fluent-ffmpeg";
import type { CommandLine } from "./encoder-command.ts";

export interface FfmpegEvents {
	/** `commandLine`: as it can be typed. */
	started: (pid: number, commandLine: string) => void;
	/**
	 * Ended with 0 (undefined), or not: `message` is the last that it had to say, and may hold the names of its inputs and
	 * outputs. Once, also when it could not be started.
	 */
	ended: (error: Error | undefined) => void;
	/** Each line of its standard error. */
	said?: (line: string) => void;
}

/** One process of ffmpeg; `stdin` is the input called `pipe:0`. Returns a function that kills it. */
export function startFfmpeg(
	{ inputs, filter, outputs }: CommandLine,
	{ started, ended, said }: FfmpegEvents,
	stdin?: Readable,
): () => void {
	const command = ffmpeg({ logger: undefined, stdoutLines: 20 });
	for (const { url, options } of inputs) command.input(url === "pipe:0" && stdin ? stdin : url).inputOptions(options);
	const [first] = inputs;
	// Options of the whole process stand with an input or an output, as fluent-ffmpeg knows no other place.
	if (first) command.inputOptions(["-hide_banner", "-loglevel error", ...(stdin ? [] : ["-nostdin"])]);
	if (filter !== undefined) command.complexFilter(filter);
	for (const { url, options } of outputs) command.output(url).outputOptions(options);
	const kill = () => command.kill("SIGKILL");
	command.on("start", (commandLine) => {
		const { pid } = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
		if (pid !== undefined) started(pid, commandLine);
	});
	if (said) command.on("stderr", said);
	command.on("error", (error, _stdout, stderr) => {
		const last = stderr?.trim().split("\n").at(-1);
		ended(new Error(last ? `${error.message}: ${last.slice(0, 300)}` : error.message));
	});
	command.on("end", () => ended(undefined));
	command.run();
	return kill;
}
