import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { promisify } from "node:util";
import { type FeedDescription, type FeedTrack, feedRequestSchema } from "../../core/protocol/feed.ts";
import { FrameReader, framed } from "../stream-framing.ts";

import { recordIvf } from "./record-ivf.ts";

/** RTP packets of one track over `durationMs` of media, as ffmpeg packed them; time counts from the first. */
export interface Recording {
	codec: FeedTrack["codec"];
	clockRate: number;
	durationMs: number;
	packets: { atMs: number; packet: Buffer }[];
}

const RECORDED_S = 4;
const encoders = {
	VP8: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-g", "15"],
	H264: ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1M", "-g", "15", "-bf", "0"],
	opus: ["-c:a", "libopus", "-b:a", "64k", "-frame_duration", "20"],
};

/** Has ffmpeg encode `source` (lavfi, without its duration) and pack it for RTP. Its first frame is a keyframe; so is every 15th. */
export async function record(codec: Recording["codec"], source: string): Promise<Recording> {
	return recordingOf(
		codec,
		codec === "VP9" || codec === "AV1"
			? (await recordIvf(codec, { source, durationS: RECORDED_S })).packets
			: await recordRtp(codec, source),
	);
}

function recordingOf(codec: Recording["codec"], rtp: Buffer[]): Recording {
	const first = rtp[0]?.readUInt32BE(4) ?? 0;
	const clockRate = codec === "opus" ? 48_000 : 90_000;
	const packets = rtp.map((packet) => ({ atMs: (((packet.readUInt32BE(4) - first) | 0) * 1000) / clockRate, packet }));
	return { codec, clockRate, durationMs: RECORDED_S * 1000, packets };
}

async function recordRtp(codec: keyof typeof encoders, source: string): Promise<Buffer[]> {
	const udp = createSocket("udp4").bind(0, "127.0.0.1");
	await once(udp, "listening");
	const received: Buffer[] = [];
	udp.on("message", (packet) => received.push(packet));
	const { port } = udp.address();
	const args = [
		"-v",
		"error",
		"-readrate",
		"3",
		"-f",
		"lavfi",
		"-i",
		source,
		"-t",
		String(RECORDED_S),
		"-pix_fmt",
		"yuv420p",
	];
	const output = ["-f", "rtp", "-pkt_size", "1200", `rtp://127.0.0.1:${port}?rtcpport=${port}`];
	await promisify(execFile)("ffmpeg", [...args, ...encoders[codec], ...output]);
	await new Promise((resolve) => setImmediate(resolve)); // what the kernel still holds
	udp.close();
	return received.filter((packet) => (packet.readUInt8(1) & 0x7f) < 64 || (packet.readUInt8(1) & 0x7f) >= 96);
}

/** Encoding and sending take this long. Unequal, so that tracks put together by their arrival would be apart. */
const delaysMs = { audio: 25, video: 60 };
/** The publisher's clock is not ours. */
const PUBLISHER_CLOCK_AHEAD_MS = 3_600_000;
const NTP_EPOCH_S = 2_208_988_800;

/** Plays recordings in a loop, in real time, as one publisher: whoever is given to `attach` gets the packets from then on. */
export class Publisher {
	readonly tracks: FeedTrack[] = [];
	/** Wall time at which the media time 0 of the first turn was captured. */
	readonly startedAtMs: number;
	/** Requests for a keyframe so far. */
	keyframeRequests = 0;
	/** What is done to a packet on its way: return another, or none. */
	mangle: (packet: Buffer) => Buffer | undefined = (packet) => packet;
	readonly #sockets = new Set<Socket>();
	readonly #timer: NodeJS.Timeout;
	readonly #players: { recording: Recording; ssrc: number; delayMs: number; next: number; sequence: number }[];
	readonly #now: () => number;
	#reportedMs = Number.NEGATIVE_INFINITY;

	constructor(recordings: Recording[], { now }: { now: () => number }) {
		this.#now = now;
		this.startedAtMs = now();
		this.#players = recordings.map((recording, index) => {
			const kind = recording.codec === "opus" ? "audio" : "video";
			const ssrc = 0x1000 + index;
			this.tracks.push({ kind, codec: recording.codec, payloadType: 96 + index, clockRate: recording.clockRate, ssrc });
			return { recording, ssrc, delayMs: delaysMs[kind], next: 0, sequence: 65_500 };
		});
		this.#timer = setInterval(() => this.#play(), 5);
	}

	/** Connections that get its packets now. */
	get listeners(): number {
		return this.#sockets.size;
	}

	attach(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		this.#reportedMs = Number.NEGATIVE_INFINITY;
	}

	/** A packet of its own making, to everybody attached. */
	send(packet: Buffer): void {
		for (const socket of this.#sockets) socket.write(framed(packet));
	}

	close(): void {
		clearInterval(this.#timer);
		for (const socket of this.#sockets) socket.destroy();
	}

	#play(): void {
		const mediaMs = this.#now() - this.startedAtMs;
		const report = this.#now() - this.#reportedMs > 1000 && this.#sockets.size > 0;
		if (report) this.#reportedMs = this.#now();
		for (const player of this.#players) {
			const { packets, durationMs, clockRate } = player.recording;
			if (report) this.send(this.#senderReport(player.ssrc, Math.round((mediaMs * clockRate) / 1000), mediaMs));
			for (;;) {
				const turn = Math.floor(player.next / packets.length);
				const entry = packets[player.next % packets.length];
				if (!entry || turn * durationMs + entry.atMs + player.delayMs > mediaMs) break;
				const packet = Buffer.from(entry.packet);
				packet.writeUInt16BE(player.sequence++ & 0xffff, 2);
				packet.writeUInt32BE(Math.round(((turn * durationMs + entry.atMs) * clockRate) / 1000) >>> 0, 4);
				packet.writeUInt32BE(player.ssrc, 8);
				player.next++;
				const mangled = this.mangle(packet);
				if (mangled) this.send(mangled);
			}
		}
	}

	#senderReport(ssrc: number, timestamp: number, mediaMs: number): Buffer {
		const ntpMs = this.startedAtMs + mediaMs + PUBLISHER_CLOCK_AHEAD_MS;
		const report = Buffer.alloc(28);
		report.writeUInt8(0x80, 0);
		report.writeUInt8(200, 1);
		report.writeUInt16BE(6, 2);
		report.writeUInt32BE(ssrc, 4);
		report.writeUInt32BE(Math.floor(ntpMs / 1000) + NTP_EPOCH_S, 8);
		report.writeUInt32BE(Math.floor((ntpMs % 1000) * 4_294_967.296), 12);
		report.writeUInt32BE(timestamp >>> 0, 16);
		return report;
	}
}

/** A feed as ingest's, of the publishers that are in `publishers` (by person id) at the moment. */
export class TestFeed {
	readonly publishers = new Map<string, Publisher>();
	readonly #server: Server;

	private constructor(server: Server) {
		this.#server = server;
		server.on("connection", (socket) => this.#serve(socket));
	}

	static async listen(path: string): Promise<TestFeed> {
		const server = createServer();
		const feed = new TestFeed(server);
		server.listen(path);
		await once(server, "listening");
		return feed;
	}

	close(): void {
		for (const publisher of this.publishers.values()) publisher.close();
		this.#server.close();
	}

	#serve(socket: Socket): void {
		const reader = new FrameReader();
		let publisher: Publisher | undefined;
		socket.on("error", () => {});
		socket.on("data", (chunk) => {
			for (const frame of reader.push(chunk)) {
				if (publisher) {
					if (frame.readUInt8(0) === 0x81 && frame.readUInt8(1) === 206) publisher.keyframeRequests++;
					continue;
				}
				publisher = this.publishers.get(feedRequestSchema.parse(JSON.parse(frame.toString())).personId);
				const description: FeedDescription = publisher ? { tracks: publisher.tracks } : { error: "no-publisher" };
				socket.write(framed(Buffer.from(JSON.stringify(description))));
				if (publisher) publisher.attach(socket);
				else socket.end();
			}
		});
	}
}
