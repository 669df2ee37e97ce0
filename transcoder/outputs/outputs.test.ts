import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CodedRecording, recordCodedFrames } from "../../test/support/coded-recording.ts";
import { eventually } from "../../test/support/deadline.ts";
import { type DecodedMedia, decodeMedia } from "../../test/support/decode-media.ts";
import { freeTcpPort } from "../../test/support/free-ports.ts";
import { toneShare } from "../../test/support/measure-sound.ts";
import { descendantsOf } from "../../test/support/processes.ts";
import { startFfmpeg } from "../encode/ffmpeg.ts";
import { flvAudio, flvStart, flvVideo } from "./flv-writer.ts";
import { Outputs } from "./outputs.ts";
import { restreamCommand } from "./restream-command.ts";

const SECRET = "secret-stream-key";
const TONE_HZ = 440;
const PATIENCE_MS = 30_000;
const STEP_MS = 20;

let recording: CodedRecording;
/** What a receiver has to show, from any keyframe on: the recording over and over. */
let sent: DecodedMedia;
let sentFlv: Buffer;
let directory: string;
let outputs: Outputs;
let states: string[];
let lines: string[];
let ticking: NodeJS.Timeout;
let receivers: ChildProcess[];

beforeAll(async () => {
	recording = await recordCodedFrames(4);
	const [video, , audio] = recording.tracks;
	if (video?.kind !== "video" || audio?.kind !== "audio") throw new Error("no recording");
	const start = {
		avcC: Buffer.from(video.avcC, "base64"),
		audioSpecificConfig: Buffer.from(audio.audioSpecificConfig, "base64"),
	};
	const tags = [...recording.between(0, 4000)].flatMap(({ track, pts, keyframe, data }) => {
		if (track === 0) return [flvVideo(Math.round((pts * 1000) / 30), keyframe, data)];
		return track === 2 ? [flvAudio(Math.round(pts / 48), data)] : [];
	});
	sentFlv = Buffer.concat([flvStart(start), ...tags]);
	sent = await decodeMedia(sentFlv);
});

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "outputs-"));
	states = [];
	lines = [];
	receivers = [];
	const log = pino({ level: "trace" }, { write: (line) => lines.push(line) });
	const state = (event: { id: string; state: string; reason?: string }) =>
		states.push([event.id, event.state, event.reason].filter(Boolean).join(" "));
	outputs = new Outputs({ log, events: { state } });
	outputs.startRun({ run: 1, startsAtMs: 1_700_000_000_000, tracks: recording.tracks });
	const startedAt = performance.now();
	let played = 0;
	ticking = setInterval(() => {
		const upTo = Math.floor((performance.now() - startedAt) / STEP_MS) * STEP_MS;
		for (const frame of recording.between(played, upTo)) outputs.push(frame);
		played = upTo;
	}, STEP_MS);
});

afterEach(async () => {
	clearInterval(ticking);
	await outputs.close();
	for (const receiver of receivers) receiver.kill("SIGKILL");
	expect((await descendantsOf(process.pid)).filter(({ command }) => command.includes(SECRET))).toEqual([]);
	await rm(directory, { recursive: true });
	expect(lines.join("") + states.join("")).not.toContain(SECRET);
});

/** ffmpeg as the receiver; it writes down what comes until it ends. */
function receive(input: string[], file: string) {
	const path = join(directory, file);
	const ffmpeg = spawn("ffmpeg", ["-v", "error", "-y", ...input, "-c", "copy", path], { stdio: "ignore" });
	receivers.push(ffmpeg);
	const closed = once(ffmpeg, "close");
	return {
		kill: () => ffmpeg.kill("SIGKILL"),
		async media() {
			await closed;
			return await decodeMedia(await readFile(path));
		},
	};
}

function until(state: string, times = 1): Promise<unknown> {
	const reached = () => states.filter((one) => one === state).length >= times;
	return eventually(reached, PATIENCE_MS, () => `${state} did not come: ${states.join(", ")}\n${lines.join("")}`);
}

/** That it is the recording, from a keyframe on, picture by picture, with its tone. */
function expectRecording({ frames, sound }: DecodedMedia, atLeastFrames: number): void {
	expect(frames.length).toBeGreaterThan(atLeastFrames);
	const first = [0, 60].find((at) => sent.frames[at]?.rgb.equals(frames[0]?.rgb ?? Buffer.alloc(0)));
	expect(first).toBeDefined();
	for (const [index, { rgb }] of frames.entries()) {
		expect(rgb.equals(sent.frames[((first ?? 0) + index) % 120]?.rgb ?? Buffer.alloc(0))).toBe(true);
	}
	const spacingS = ((frames.at(-1)?.atS ?? 0) - (frames[0]?.atS ?? 0)) / (frames.length - 1);
	expect(spacingS).toBeCloseTo(1 / 30, 4);
	// Each turn of the recording breaks the tone for a moment.
	expect(toneShare(sound, TONE_HZ)).toBeGreaterThan(0.8);
	const soundS = sound.samples.length / 48_000;
	expect(Math.abs(sound.startS + soundS - (frames.at(-1)?.atS ?? 0))).toBeLessThan(0.3);
}

describe("outputs", () => {
	it("sends the programme by RTMP, and connects again when the receiver was lost", async () => {
		const url = `rtmp://127.0.0.1:${await freeTcpPort()}/live/${SECRET}`;
		const lost = receive(["-listen", "1", "-i", url], "lost.flv");
		outputs.set([{ id: "tube", url }]);
		await until("tube live");
		lost.kill();
		await until("tube failed it broke the connection off");
		const back = receive(["-listen", "1", "-i", url], "back.flv");
		await until("tube live", 2);
		await played(2500);
		outputs.set([]);
		expectRecording(await back.media(), 60);
		expect(states.slice(0, 3)).toEqual(["tube connecting", "tube live", "tube failed it broke the connection off"]);
	}, 90_000);

	it("goes on with a new run that is coded alike, and connects again for another", async () => {
		const url = `rtmp://127.0.0.1:${await freeTcpPort()}/live/${SECRET}`;
		const first = receive(["-listen", "1", "-i", url], "first.flv");
		outputs.set([{ id: "tube", url }]);
		await until("tube live");
		await played(1000);
		outputs.startRun({ run: 2, startsAtMs: 1_700_000_000_000 + 1500, tracks: recording.tracks });
		await played(1500);
		expect(states.at(-1)).toBe("tube live");
		const [top, ...others] = recording.tracks;
		const [, low] = recording.tracks;
		if (top?.kind !== "video" || low?.kind !== "video") throw new Error("no recording");
		outputs.startRun({
			run: 3,
			startsAtMs: 1_700_000_000_000,
			tracks: [{ ...top, avcC: low.avcC }, ...others],
		});
		const { frames } = await first.media();
		const steps = frames.slice(1).map(({ atS }, index) => atS - (frames[index]?.atS ?? 0));
		expect(Math.min(...steps)).toBeGreaterThan(0);
		expect(Math.max(...steps)).toBeCloseTo(1.5, 0);
		receive(["-listen", "1", "-i", url], "second.flv");
		await until("tube live", 2);
	}, 60_000);

	it("sends the programme by SRT", async () => {
		const port = await freeTcpPort();
		const receiver = receive(["-f", "mpegts", "-i", `srt://127.0.0.1:${port}?mode=listener`], "srt.ts");
		outputs.set([{ id: "srt", url: `srt://127.0.0.1:${port}?streamid=${SECRET}` }]);
		await until("srt live");
		await played(3000);
		outputs.set([]);
		expectRecording(await receiver.media(), 60);
	}, 60_000);

	it("says what is wrong in words, and tries again, while another goes on", async () => {
		const port = await freeTcpPort();
		const url = `rtmp://127.0.0.1:${await freeTcpPort()}/live/${SECRET}`;
		const receiver = receive(["-listen", "1", "-i", url], "good.flv");
		outputs.set([
			{ id: "closed", url: `rtmp://127.0.0.1:${port}/live/${SECRET}` },
			{ id: "file", url: `file:///tmp/${SECRET}` },
			{ id: "good", url },
		]);
		await until("closed failed nobody listens there", 2);
		await until("good live");
		expect(states.filter((state) => state.startsWith("file"))).toEqual([
			"file connecting",
			"file failed its address is not rtmp, rtmps or srt",
		]);
		await played(1000);
		outputs.set([]);
		expectRecording(await receiver.media(), 15);
	}, 60_000);

	it("sends by RTMPS to whom a trusted certificate names, and to nobody else", async () => {
		const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
		const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost";
		const names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate];
		await promisify(execFile)("openssl", [...request.split(" "), ...names]);
		const port = await freeTcpPort();
		const receiver = receive(["-listen", "1", "-i", `rtmp://127.0.0.1:${port}/live/${SECRET}`], "tls.flv");
		const sockets: Socket[] = [];
		const border = createTlsServer({ key: await readFile(key), cert: await readFile(certificate) }, (socket) => {
			socket.on("error", () => socket.destroy());
			socket.once("data", (first: Buffer) => {
				const inner = connect(port, "127.0.0.1");
				inner.on("error", () => inner.destroy());
				inner.write(first);
				sockets.push(socket, inner.pipe(socket).pipe(inner));
			});
		});
		border.on("tlsClientError", () => {}).listen(0, "127.0.0.1");
		await once(border, "listening");
		const url = `rtmps://localhost:${(border.address() as AddressInfo).port}/live/${SECRET}`;
		try {
			outputs.set([{ id: "tube", url }]);
			await until("tube failed its certificate is not to be trusted");
			expect(sockets.length).toBe(0);
			outputs.set([]);
			// The same command again, with this certificate among those it trusts.
			const command = restreamCommand(url);
			for (const { options } of command.outputs) options.push(`-ca_file ${certificate}`);
			const ended = Promise.withResolvers<Error | undefined>();
			startFfmpeg(command, { started: () => {}, ended: ended.resolve }, Readable.from([sentFlv]));
			expect(await ended.promise).toBeUndefined();
			expectRecording(await receiver.media(), 60);
		} finally {
			for (const socket of sockets) socket.destroy();
			border.close();
		}
	}, 60_000);

	it("leaves a receiver that takes the connection and nothing else", async () => {
		const sockets: Socket[] = [];
		const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
		await once(silent, "listening");
		const { port } = silent.address() as { port: number };
		outputs.set([{ id: "mute", url: `rtmp://127.0.0.1:${port}/live/${SECRET}` }]);
		await until("mute failed it does not answer in time");
		await eventually(
			() => sockets.length >= 2,
			PATIENCE_MS,
			() => "no second try",
		);
		for (const socket of sockets) socket.destroy();
		silent.close();
	}, 60_000);
});

/** Resolves when that much more was pushed. */
function played(ms: number): Promise<unknown> {
	const endAt = performance.now() + ms;
	return eventually(
		() => performance.now() >= endAt,
		ms + PATIENCE_MS,
		() => "time stands still",
	);
}
