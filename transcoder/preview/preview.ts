import type { Logger } from "pino";
import { type FeedTrack, type ProgrammeRequest, programmeAnswerSchema } from "../../core/protocol/feed.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { type CodedFrame, type Run, readRecord, trackOfRecord } from "../coded-frames.ts";
import { type Answered, IngestConnection } from "../ingest-connection.ts";
import { programmeFormat } from "../programme-format.ts";
import { type AvcConfig, readAvcConfig } from "./avc-units.ts";
import { packetizeH264 } from "./h264-packetizer.ts";
import { OpusEncoder } from "./opus-encoder.ts";
import { RtpStream } from "./rtp-stream.ts";

/** Enough to judge a programme by, and little to send and to decode. */
const PREVIEW_LINES = 480;
const REPORT_INTERVAL_MS = 1_000;
/** Half a second of picture and sound: what ingest does not take in time is of no use to a preview. */
const MAX_WAITING_BYTES = 128 * 1024;

const videoTrack: FeedTrack = { kind: "video", codec: "H264", payloadType: 96, clockRate: 90_000, ssrc: 1 };
const audioTrack: FeedTrack = { kind: "audio", codec: "opus", payloadType: 111, clockRate: 48_000, ssrc: 2 };

interface PreviewRun {
	track: number;
	startsAtMs: number;
	frameRate: number;
	config: AvcConfig;
}

/**
 * The programme for those who make it, a few frames after it is encoded: one of its rungs as it is, and its sound, as RTP to
 * ingest. While nobody watches it costs nothing.
 */
export class Preview {
	readonly #options: { feedPath: string; webinarId: string };
	readonly #log: Logger;
	readonly #clock: Clock;
	#connection: IngestConnection | undefined;
	/** While ingest takes packets. */
	#sending: Sending | undefined;
	#run: PreviewRun | undefined;

	constructor(options: { feedPath: string; webinarId: string }, { log, clock }: { log: Logger; clock: Clock }) {
		this.#options = options;
		this.#log = log.child({ component: "preview" });
		this.#clock = clock;
	}

	setWatched(watched: boolean): void {
		if (watched === (this.#connection !== undefined)) return;
		if (!watched) {
			this.close();
			return;
		}
		const { feedPath, webinarId } = this.#options;
		const request: ProgrammeRequest = { webinarId, publish: "programme", tracks: [videoTrack, audioTrack] };
		this.#connection = new IngestConnection(
			{ feedPath, request, maxWaitingBytes: MAX_WAITING_BYTES },
			{
				log: this.#log,
				events: {
					answered: (answer) => this.#answered(answer),
					packet: () => {},
					lost: () => {
						this.#log.info("the preview is watched no more");
						this.#stop();
					},
				},
			},
		);
	}

	/** What the encoder hands out (see coded-frames.ts), all of it and in order. */
	onCoded(record: Buffer): void {
		const track = trackOfRecord(record);
		if (track === undefined) {
			const read = readRecord(record);
			if ("run" in read) this.#run = previewRun(read.run);
		} else if (this.#sending && track === this.#run?.track) {
			const read = readRecord(record);
			if ("frame" in read) this.#sending.picture(read.frame, this.#run);
		}
	}

	/** One tick's, interleaved. `position`: its first sample, at 48 kHz since the Unix epoch. */
	onSound(sound: Float32Array, position: number): void {
		this.#sending?.sound(sound, (position * 1000) / programmeFormat.sampleRate);
	}

	close(): void {
		this.#connection?.close();
		this.#connection = undefined;
		this.#stop();
	}

	#answered(answer: unknown): Answered {
		const { data } = programmeAnswerSchema.safeParse(answer);
		if (data && "redirect" in data) return data;
		return data && "accepted" in data ? { begin: () => this.#start() } : "refused";
	}

	#start(): void {
		this.#log.info("the preview is watched");
		if (this.#connection) this.#sending = new Sending(this.#connection, this.#clock);
	}

	#stop(): void {
		this.#sending?.close();
		this.#sending = undefined;
	}
}

/** What is sent while ingest takes it. */
class Sending {
	readonly #connection: IngestConnection;
	readonly #clock: Clock;
	readonly #video = new RtpStream(videoTrack);
	readonly #audio = new RtpStream(audioTrack);
	readonly #opus = new OpusEncoder();
	#nextReportMs = 0;
	/** Everything since a keyframe was sent. */
	#whole = false;

	constructor(connection: IngestConnection, clock: Clock) {
		this.#connection = connection;
		this.#clock = clock;
	}

	picture({ keyframe, pts, data }: CodedFrame, { startsAtMs, frameRate, config }: PreviewRun): void {
		if (!keyframe && !this.#whole) return;
		const captureMs = startsAtMs + (pts * 1000) / frameRate;
		const payloads = packetizeH264(data, keyframe, config);
		const last = payloads.length - 1;
		const packets = payloads.map((payload, at) => this.#video.packet(payload, captureMs, at === last));
		this.#whole = this.#connection.send(packets);
		this.#report();
	}

	sound(sound: Float32Array, captureMs: number): void {
		for (const packet of this.#opus.push(sound, captureMs))
			this.#connection.send([this.#audio.packet(packet.payload, packet.captureMs, false)]);
	}

	close(): void {
		this.#opus.close();
	}

	/** Behind a first packet of each, without which a report says nothing. */
	#report(): void {
		const now = this.#clock.now();
		if (now < this.#nextReportMs) return;
		this.#nextReportMs = now + REPORT_INTERVAL_MS;
		this.#connection.send([this.#video.report(now), this.#audio.report(now)]);
	}
}

function previewRun({ tracks, startsAtMs }: Run): PreviewRun | undefined {
	const rungs = tracks.flatMap((track, index) => (track.kind === "video" ? [{ ...track, index }] : []));
	const rung = rungs.find(({ height }) => height <= PREVIEW_LINES) ?? rungs.at(-1);
	if (!rung) return undefined;
	const config = readAvcConfig(Buffer.from(rung.avcC, "base64"));
	return { track: rung.index, startsAtMs, frameRate: rung.frameRate, config };
}
