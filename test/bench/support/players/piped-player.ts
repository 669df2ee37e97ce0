import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { eventually } from "../../../support/deadline.ts";
import { FIRST_PICTURE_DEADLINE_MS, type Played, type TestedPlayer } from "./played.ts";
import { grayPictures, terminalPictures, timeIn } from "./small-pictures.ts";

/** Of a programme of 30 pictures a second, shown at their own times. */
const STALL_GAP_MS = 500;
const EXIT_DEADLINE_MS = 5_000;
const TIME_RANGE = 2 ** 24;

const nowMs = () => performance.timeOrigin + performance.now();

interface Program {
	command: (url: string) => string[];
	/** Takes the output apart; calls `onPicture` for each whole picture. */
	pictures: (onPicture: (blocks: number[]) => void) => (chunk: Buffer) => void;
}

/** Programs that show their pictures on standard output, each when it is due, and play the sound to nowhere. */
const programs: Record<string, Program> = {
	ffmpeg: {
		command: (url) => [
			...["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-v", "warning", "-re", "-i", url],
			...["-map", "0:v:0", "-vf", "scale=64:64:flags=area,format=gray", "-f", "rawvideo", "pipe:1"],
			...["-map", "0:a:0", "-f", "null", "-"],
		],
		pictures: grayPictures,
	},
	gstreamer: {
		command: (url) => [
			...["gst-launch-1.0", "-q", "playbin3", `uri=${url}`, "audio-sink=fakesink sync=true"],
			"video-sink=videoconvert ! videoscale add-borders=false ! videoconvert ! video/x-raw,format=GRAY8,width=64,height=64 ! fdsink fd=1 sync=true",
		],
		pictures: grayPictures,
	},
	mpv: {
		command: (url) => [
			...[
				"mpv",
				"--no-config",
				"--no-input-terminal",
				"--msg-level=all=no,ffmpeg=warn",
				"--ao=null",
				"--no-keepaspect",
			],
			...["--vo=tct", "--vo-tct-algo=plain", "--vo-tct-width=8", "--vo-tct-height=8", url],
		],
		pictures: terminalPictures,
	},
};

export const pipedPlayers: TestedPlayer[] = Object.entries(programs).map(([name, program]) => ({
	name,
	play: (url, forMs) => play(program, url, forMs),
}));

async function play({ command, pictures }: Program, url: string, forMs: number): Promise<Played> {
	const [name = "", ...args] = command(url);
	const startedMs = nowMs();
	const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOME: tmpdir() } });
	const exited = once(child, "close");
	const errors: string[] = [];
	createInterface(child.stderr).on("line", (line) => errors.push(line));
	const shown: { atMs: number; time: number }[] = [];
	child.stdout.on(
		"data",
		pictures((blocks) => shown.push({ atMs: nowMs(), time: timeIn(blocks) })),
	);
	try {
		await eventually(
			() => shown.length > 0,
			FIRST_PICTURE_DEADLINE_MS,
			() => `${name} shows no picture: ${errors.join("; ")}`,
		);
		await Promise.race([new Promise((resolve) => setTimeout(resolve, forMs)), exited]);
	} finally {
		child.kill("SIGINT");
		const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_DEADLINE_MS);
		await exited;
		clearTimeout(timer);
	}
	const [first, last] = [shown[0], shown.at(-1)];
	if (!first || !last) throw new Error("no picture was shown");
	const gaps = shown.map(({ atMs }, index) => atMs - (shown[index - 1]?.atMs ?? atMs));
	return {
		startMs: first.atMs - startedMs,
		playedSeconds: (last.time - first.time) / 1000,
		pictures: shown.length,
		dropped: 0,
		stalls: gaps.filter((gap) => gap > STALL_GAP_MS).length,
		longestGapMs: Math.max(...gaps),
		latenciesMs: shown.map(({ atMs, time }) => wrapped((atMs % TIME_RANGE) - time)),
		errors,
	};
}

const wrapped = (differenceMs: number) => ((differenceMs + TIME_RANGE * 1.5) % TIME_RANGE) - TIME_RANGE / 2;
