// @ts-nocheck: it runs in a page, and the tests know no DOM.
// Runs in the page: one WebRTC peer of the stage, with a picture and a sound that tell when they were made.

const { nowMs, drawTime, TIME_RANGE, ShownClock } = globalThis.burntClock;

/** Once a second the lower half is white and a tone is heard, both from the same instant on. */
const FLASH_EVERY_MS = 1000;
const FLASH_MS = 100;

/** A moving picture and a beep, both made here. */
function makeMedia({ width, height, frameRate, colour }) {
	const canvas = document.createElement("canvas");
	Object.assign(canvas, { width, height });
	const context = canvas.getContext("2d");
	const audio = new AudioContext();
	const oscillator = audio.createOscillator();
	oscillator.frequency.value = 1000;
	const gain = audio.createGain();
	gain.gain.value = 0;
	const out = audio.createMediaStreamDestination();
	oscillator.connect(gain).connect(out);
	oscillator.start();
	const stream = canvas.captureStream(frameRate);
	let flashes = 0;
	const timer = setInterval(() => {
		const time = nowMs();
		const index = Math.floor(time / FLASH_EVERY_MS);
		const flash = time % FLASH_EVERY_MS < FLASH_MS;
		if (flash && index !== flashes) {
			flashes = index;
			gain.gain.setValueAtTime(0.8, audio.currentTime);
			gain.gain.setValueAtTime(0, audio.currentTime + FLASH_MS / 1000);
		}
		context.fillStyle = flash ? "#fff" : colour;
		context.fillRect(0, height / 2, width, height / 2);
		if (!flash) {
			// What an encoder cannot foresee, so that it uses what bitrate it may.
			const size = width / 40;
			for (let i = 0; i < 120; i++) {
				context.fillStyle = `hsl(${Math.random() * 360} 80% 40%)`;
				context.fillRect(Math.random() * width, height * (0.53 + 0.17 * Math.random()), size, size);
			}
		}
		drawTime(context, width, height, Math.floor(time) % TIME_RANGE);
	}, 1000 / frameRate);
	const [track] = out.stream.getAudioTracks();
	stream.addTrack(track);
	return { stream, stop: () => clearInterval(timer) };
}

async function offerOf(connection) {
	await connection.setLocalDescription();
	if (connection.iceGatheringState !== "complete") {
		await new Promise((resolve) => {
			connection.addEventListener(
				"icegatheringstatechange",
				() => connection.iceGatheringState === "complete" && resolve(),
			);
			setTimeout(resolve, 1000);
		});
	}
	return connection.localDescription.sdp;
}

class Peer {
	constructor(configuration) {
		this.connection = new RTCPeerConnection(configuration);
		this.views = [];
	}

	/** `encodings`: of the video. */
	async publish({ encodings, ...media }) {
		this.media = makeMedia(media);
		const [video] = this.media.stream.getVideoTracks();
		const [audio] = this.media.stream.getAudioTracks();
		const streams = [this.media.stream];
		this.connection.addTransceiver(audio, { direction: "sendonly", streams });
		this.connection.addTransceiver(video, { direction: "sendonly", streams, sendEncodings: encodings });
		const { codecs } = RTCRtpSender.getCapabilities("video");
		const vp8 = codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType));
		this.connection.getTransceivers()[1].setCodecPreferences(vp8);
		return offerOf(this.connection);
	}

	subscribe({ slots }) {
		for (let slot = 0; slot < slots; slot++) {
			const audio = this.connection.addTransceiver("audio", { direction: "recvonly" }).receiver.track;
			const video = this.connection.addTransceiver("video", { direction: "recvonly" }).receiver.track;
			this.views.push(new View(video, audio));
		}
		return offerOf(this.connection);
	}

	/** The other end of `publish`, where there is no server between them. */
	async view(sdp) {
		await this.connection.setRemoteDescription({ type: "offer", sdp });
		const tracks = this.connection.getReceivers().map(({ track }) => track);
		const of = (kind) => tracks.find((track) => track.kind === kind);
		this.views.push(new View(of("video"), of("audio")));
		return offerOf(this.connection);
	}

	async answer(sdp) {
		await this.connection.setRemoteDescription({ type: "answer", sdp });
	}

	async connected() {
		if (this.connection.connectionState === "connected") return;
		await new Promise((resolve, reject) => {
			this.connection.addEventListener("connectionstatechange", () => {
				const { connectionState } = this.connection;
				if (connectionState === "connected") resolve();
				if (connectionState === "failed") reject(new Error("the connection failed"));
			});
		});
	}

	async stats() {
		return [...(await this.connection.getStats()).values()];
	}

	/** Mutes or unmutes what is sent, as a page does. */
	enable(kind, enabled) {
		for (const { track } of this.connection.getSenders()) if (track?.kind === kind) track.enabled = enabled;
	}

	close() {
		this.media?.stop();
		for (const view of this.views) view.close();
		this.connection.close();
	}
}

/** What one slot shows and sounds like, from when `begin` was called. */
class View {
	constructor(video, audio) {
		this.element = document.createElement("video");
		Object.assign(this.element, { muted: true, autoplay: true, srcObject: new MediaStream([video, audio]) });
		document.body.append(this.element);
		this.shown = new ShownClock(this.element, (atMs, flash) => {
			if (flash && !this.wasFlash) this.flashes.push(atMs);
			this.wasFlash = flash;
		});
		this.begin();
		// Remote audio flows only while an element plays it; what it sounds like is read by a graph of its own.
		this.audio = new AudioContext();
		this.audio.audioWorklet
			.addModule(URL.createObjectURL(new Blob([beepDetector], { type: "text/javascript" })))
			.then(() => {
				const node = new AudioWorkletNode(this.audio, "beeps");
				node.port.onmessage = () => this.beeps.push(nowMs());
				this.audio
					.createMediaStreamSource(new MediaStream([audio]))
					.connect(node)
					.connect(this.audio.destination);
			});
	}

	begin() {
		this.shown.begin();
		this.flashes = [];
		this.beeps = [];
		this.wasFlash = false;
	}

	read() {
		const { flashes, beeps } = this;
		return { ...this.shown.read(), flashes, beeps };
	}

	close() {
		this.shown.close();
		this.element.remove();
		this.audio.close();
	}
}

const beepDetector = `registerProcessor("beeps", class extends AudioWorkletProcessor {
	quiet = 0;
	process([[channel]]) {
		if (!channel) return true;
		const loud = channel.some((sample) => Math.abs(sample) > 0.1);
		if (loud && this.quiet > 0.2) this.port.postMessage(null);
		this.quiet = loud ? 0 : this.quiet + channel.length / sampleRate;
		return true;
	}
})`;

const peers = [];
globalThis.peers = peers;
globalThis.openPeer = (configuration) => peers.push(new Peer(configuration)) - 1;
