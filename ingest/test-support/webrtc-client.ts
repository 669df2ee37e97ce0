import wrtc from "@roamhq/wrtc";

const { RTCPeerConnection } = wrtc;
const { RTCVideoSource, RTCVideoSink, RTCAudioSource, RTCAudioSink } = wrtc.nonstandard;

/** The binding's types want the browser's; these say what is used of them. */
type Connection = InstanceType<typeof RTCPeerConnection>;
type Track = ReturnType<InstanceType<typeof RTCVideoSource>["createTrack"]>;
interface Frame {
	width: number;
	height: number;
	data: Uint8Array;
}

const WIDTH = 320;
const HEIGHT = 180;
const SAMPLE_RATE = 48_000;

/** A plain picture, as its planes' values. */
export type Colour = readonly [y: number, u: number, v: number];
export const red: Colour = [81, 90, 240];
export const green: Colour = [145, 54, 34];
export const blue: Colour = [41, 240, 110];

interface Negotiated {
	status: number;
	/** The session's URL. */
	location: string;
	answer: string;
	headers: Headers;
}

/** Changes an answer before the client gets it: a test's network may be in between. */
type Rewrite = (answer: string) => string;
const asItIs: Rewrite = (answer) => answer;

/** Offers what `connection` has, as a WHIP or WHEP client does: everything gathered, one POST. */
async function negotiate(connection: Connection, url: string, token: string, rewrite: Rewrite): Promise<Negotiated> {
	await connection.setLocalDescription(await connection.createOffer());
	const response = await fetch(url, {
		method: "POST",
		headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
		body: connection.localDescription?.sdp ?? "",
	});
	const answer = await response.text();
	if (response.status === 201) await connection.setRemoteDescription({ type: "answer", sdp: rewrite(answer) });
	return {
		status: response.status,
		location: response.headers.get("location") ?? "",
		answer,
		headers: response.headers,
	};
}

/** Publishes a plain colour, or noise in a layer for each of `rids`, lowest first, and a tone until it is closed. */
export async function publish(
	url: string,
	token: string,
	{ colour, toneHz, rids, rewrite = asItIs }: { colour?: Colour; toneHz?: number; rids?: string[]; rewrite?: Rewrite },
) {
	const connection = new RTCPeerConnection();
	const stream = new wrtc.MediaStream();
	const timers: NodeJS.Timeout[] = [];
	if (colour) {
		const source = new RTCVideoSource();
		stream.addTrack(source.createTrack());
		const frame = { width: WIDTH, height: HEIGHT, data: picture(colour) };
		timers.push(setInterval(() => source.onFrame(frame), 50));
	}
	if (rids) {
		const source = new RTCVideoSource();
		const sendEncodings = rids.map((rid, at) => ({ rid, scaleResolutionDownBy: 2 ** (rids.length - 1 - at) }));
		connection.addTransceiver(source.createTrack(), { direction: "sendonly", sendEncodings, streams: [stream] });
		// Smaller ones are not worth more than one layer to libwebrtc.
		const [width, height] = [640, 360];
		const data = new Uint8Array(width * height * 1.5).fill(128);
		timers.push(
			setInterval(() => {
				for (let at = 0; at < width * height; at++) data[at] = 112 + 32 * Math.random();
				source.onFrame({ width, height, data });
			}, 50),
		);
	}
	if (toneHz !== undefined) {
		const source = new RTCAudioSource();
		stream.addTrack(source.createTrack());
		let at = 0;
		timers.push(
			setInterval(() => {
				const samples = Int16Array.from(
					{ length: 480 },
					() => 12_000 * Math.sin((2 * Math.PI * toneHz * at++) / SAMPLE_RATE),
				);
				source.onData({ samples, sampleRate: SAMPLE_RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
			}, 10),
		);
	}
	for (const track of stream.getTracks()) connection.addTrack(track, stream);
	const negotiated = await negotiate(connection, url, token, rewrite);
	return {
		...negotiated,
		connection,
		/** Leaves without a word, as a crashed page would. */
		close() {
			for (const timer of timers) clearInterval(timer);
			connection.close();
		},
	};
}

/** Takes `slots` pairs of audio and video; one is an ordinary player. */
export async function subscribe(url: string, token: string, slots: number, rewrite = asItIs) {
	const connection = new RTCPeerConnection();
	const receivers = Array.from({ length: slots }, () => ({
		video: connection.addTransceiver("video", { direction: "recvonly" }).receiver,
		audio: connection.addTransceiver("audio", { direction: "recvonly" }).receiver,
	}));
	const negotiated = await negotiate(connection, url, token, rewrite);
	const seen = receivers.map(({ video, audio }) => watch(video.track, audio.track));
	return {
		...negotiated,
		connection,
		/** What each slot shows and sounds like. */
		slots: seen,
		close() {
			for (const { stop } of seen) stop();
			connection.close();
		},
	};
}

function watch(video: Track, audio: Track) {
	const videoSink = new RTCVideoSink(video);
	const audioSink = new RTCAudioSink(audio);
	const seen = {
		frames: 0,
		colour: undefined as Colour | undefined,
		/** The tone heard in the last tenth of a second, of those in `candidatesHz`; undefined: none of them. */
		tone(candidatesHz: number[]): number | undefined {
			return candidatesHz.find((hz) => share(recent, hz) > 0.5);
		},
		stop() {
			videoSink.stop();
			audioSink.stop();
		},
	};
	const recent: number[] = [];
	videoSink.onframe = ({ frame }: { frame: Frame }) => {
		seen.frames++;
		seen.colour = middleOf(frame);
	};
	audioSink.ondata = ({ samples, channelCount = 1 }: { samples: Int16Array; channelCount?: number }) => {
		for (let at = 0; at < samples.length; at += channelCount) recent.push(samples[at] ?? 0);
		recent.splice(0, recent.length - SAMPLE_RATE / 10);
	};
	return seen;
}

export function looksLike(seen: Colour | undefined, wanted: Colour): boolean {
	return seen?.every((value, plane) => Math.abs(value - (wanted[plane] ?? 0)) < 12) ?? false;
}

function picture([y, u, v]: Colour): Uint8Array {
	const data = new Uint8Array(WIDTH * HEIGHT * 1.5);
	data.fill(y, 0, WIDTH * HEIGHT);
	data.fill(u, WIDTH * HEIGHT, WIDTH * HEIGHT * 1.25);
	return data.fill(v, WIDTH * HEIGHT * 1.25);
}

function middleOf({ width, height, data }: Frame): Colour {
	const size = width * height;
	const at = Math.floor(height / 2) * width + Math.floor(width / 2);
	const chroma = Math.floor(height / 4) * (width / 2) + Math.floor(width / 4);
	return [data[at] ?? 0, data[size + chroma] ?? 0, data[size * 1.25 + chroma] ?? 0];
}

/** How much of the sound's power is at one frequency: 0 to 1. */
function share(samples: number[], hz: number): number {
	let re = 0;
	let im = 0;
	let power = 0;
	samples.forEach((sample, index) => {
		const angle = (2 * Math.PI * hz * index) / SAMPLE_RATE;
		re += sample * Math.cos(angle);
		im += sample * Math.sin(angle);
		power += sample * sample;
	});
	return power < 1e6 ? 0 : (2 * (re * re + im * im)) / (samples.length * power);
}
