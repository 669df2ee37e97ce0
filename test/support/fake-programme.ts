import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { frameRecord, runRecord } from "../../transcoder/coded-frames.ts";
import type { ToProgramme } from "../../transcoder/programme-messages.ts";
import { CodedRecording } from "./coded-recording.ts";

const STEP_MS = 20;

/** Writes a script that does as a programme's process does, but with frames that were recorded. Returns its path. */
export async function writeFakeProgramme(directory: string, recording: CodedRecording): Promise<string> {
	const recordingPath = join(directory, "recording.json");
	await recording.save(recordingPath);
	const script = join(directory, "fake-programme.mjs");
	const lines = [
		`import { playRecording } from ${JSON.stringify(import.meta.url)};`,
		`await playRecording(${JSON.stringify(recordingPath)});`,
	];
	await writeFile(script, lines.join("\n"));
	return script;
}

/** Inside the process: plays the recording at its own speed, over and over, until the parent says `end` or goes. @public */
export async function playRecording(recordingPath: string): Promise<void> {
	const output = createWriteStream("", { fd: 3 });
	process.on("disconnect", () => process.exit(0));
	const started = Promise.withResolvers<void>();
	let ending = false;
	process.on("message", (message: ToProgramme) => {
		if (message.type === "start") started.resolve();
		if (message.type === "end") ending = true;
	});
	const recording = await CodedRecording.load(recordingPath);
	await started.promise;
	const startsAtMs = Date.now();
	output.write(runRecord({ run: 1, startsAtMs, tracks: recording.tracks }));
	let playedMs = 0;
	while (!ending) {
		const untilMs = Date.now() - startsAtMs;
		for (const frame of recording.between(playedMs, untilMs)) output.write(frameRecord(frame));
		playedMs = untilMs;
		await new Promise((resolve) => setTimeout(resolve, STEP_MS));
	}
	output.end(() => process.exit(0));
}
