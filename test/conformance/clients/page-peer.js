// @ts-nocheck: it runs in a page, and the tests' type check knows no DOM

// The suite's connections inside a browser. Evaluated as a script; `conformance(method, ...args)` is its only door.
(() => {
	const FRAME_RATE = 15;
	const SIMULCAST_SIZE = [1280, 720];
	const PLAIN_SIZE = [320, 180];
	const LOUD = 0.03;
	const MIN_ENERGY = 0.001;
	const peers = new Map();
	let lastId = 0;

	class PagePeer {
		constructor(sound) {
			this.sound = sound;
			this.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
			this.ends = [];
			this.video = document.createElement("video");
			this.video.muted = true;
			this.video.playsInline = true;
			const stream = new MediaStream();
			this.connection.addEventListener("track", ({ track }) => {
				stream.addTrack(track);
				if (track.kind === "audio") this.listen(track);
				this.video.srcObject = stream;
				this.video.play().catch(() => {}); // a later track interrupts it, and starts it again
			});
		}

		async offerToPublish({ colour, codec, rids }) {
			const canvas = document.createElement("canvas");
			[canvas.width, canvas.height] = rids ? SIMULCAST_SIZE : PLAIN_SIZE;
			const context = canvas.getContext("2d");
			let frame = 0;
			const paint = () => {
				context.fillStyle = `rgb(${colour.join(",")})`;
				context.fillRect(0, 0, canvas.width, canvas.height);
				context.fillStyle = "white"; // a moving bar, as a still picture makes no frames
				context.fillRect((frame++ * 4) % canvas.width, canvas.height - 16, 8, 16);
			};
			paint();
			const timer = setInterval(paint, 1000 / FRAME_RATE);
			const stream = new MediaStream([
				this.sound === "microphone" ? await microphone() : this.tone(),
				...canvas.captureStream(FRAME_RATE).getVideoTracks(),
			]);
			this.ends.push(() => {
				clearInterval(timer);
				for (const track of stream.getTracks()) track.stop();
			});
			for (const track of stream.getTracks()) {
				const layers = track.kind === "video" && rids ? { sendEncodings: encodings(rids) } : {};
				const init = { direction: "sendonly", streams: [stream], ...layers };
				const transceiver = this.connection.addTransceiver(track, init);
				if (track.kind === "video" && codec) prefer(transceiver, codec);
			}
			return this.offer();
		}

		tone() {
			const context = new AudioContext();
			const tone = context.createOscillator();
			const output = context.createMediaStreamDestination();
			tone.connect(output);
			tone.start();
			this.ends.push(() => context.close());
			return output.stream.getAudioTracks()[0];
		}

		offerToPlay({ codec }) {
			this.connection.addTransceiver("audio", { direction: "recvonly" });
			const video = this.connection.addTransceiver("video", { direction: "recvonly" });
			if (codec) prefer(video, codec);
			return this.offer();
		}

		async offerIceRestart() {
			this.oldPair = await this.selectedPair();
			return this.offer({ iceRestart: true });
		}

		applyAnswer(sdp) {
			return this.connection.setRemoteDescription({ type: "answer", sdp });
		}

		connected() {
			return new Promise((resolve, reject) => {
				const look = () => {
					const state = this.connection.connectionState;
					if (state === "connected") resolve();
					if (state === "failed" || state === "closed") reject(new Error(`the connection is ${state}`));
				};
				this.connection.addEventListener("connectionstatechange", look);
				look();
			});
		}

		async received() {
			const stats = [...(await this.connection.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
			const audio = stats.find(({ kind }) => kind === "audio");
			const video = stats.find(({ kind }) => kind === "video");
			return {
				audioPackets: audio?.packetsReceived ?? 0,
				videoPackets: video?.packetsReceived ?? 0,
				framesDecoded: video?.framesDecoded ?? 0,
				frameWidth: this.video.videoWidth,
				colour: this.colour(),
				soundHeard: this.hears() || (audio?.totalAudioEnergy ?? 0) > MIN_ENERGY,
			};
		}

		async videoSent() {
			const stats = [...(await this.connection.getStats()).values()];
			return stats
				.filter(({ type, kind }) => type === "outbound-rtp" && kind === "video")
				.map(({ rid, packetsSent, ssrc }) => ({
					rid: rid ?? "",
					packets: packetsSent ?? 0,
					reported: stats.some((other) => other.type === "remote-inbound-rtp" && other.ssrc === ssrc),
				}));
		}

		/** Polled from outside. */
		async hasNewPath() {
			const pair = await this.selectedPair();
			return pair !== undefined && pair !== this.oldPair;
		}

		/** Id of the candidate pair in use. */
		async selectedPair() {
			const stats = [...(await this.connection.getStats()).values()];
			const transport = stats.find(({ type }) => type === "transport");
			if (transport?.selectedCandidatePairId) return transport.selectedCandidatePairId;
			return stats.find(({ type, selected }) => type === "candidate-pair" && selected)?.id;
		}

		close() {
			for (const end of this.ends) end();
			this.video.srcObject = null;
			this.connection.close();
		}

		/** With every candidate. */
		async offer(options) {
			const gathered = new Promise((resolve) => {
				this.connection.addEventListener("icecandidate", ({ candidate }) => candidate === null && resolve());
			});
			await this.connection.setLocalDescription(await this.connection.createOffer(options));
			await gathered;
			return this.connection.localDescription.sdp;
		}

		listen(track) {
			const context = new AudioContext();
			this.analyser = context.createAnalyser();
			context.createMediaStreamSource(new MediaStream([track])).connect(this.analyser);
			this.ends.push(() => context.close());
		}

		hears() {
			if (!this.analyser) return false;
			const samples = new Float32Array(this.analyser.fftSize);
			this.analyser.getFloatTimeDomainData(samples);
			return samples.some((sample) => Math.abs(sample) > LOUD);
		}

		colour() {
			const { videoWidth, videoHeight } = this.video;
			if (videoWidth === 0) return undefined;
			const canvas = document.createElement("canvas");
			canvas.width = 1;
			canvas.height = 1;
			const context = canvas.getContext("2d");
			context.drawImage(this.video, videoWidth / 2 - 8, videoHeight / 2 - 8, 16, 16, 0, 0, 1, 1);
			return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
		}
	}

	async function microphone() {
		const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
		const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
		return stream.getAudioTracks()[0];
	}

	function encodings(rids) {
		return rids.map((rid, index) => ({ rid, scaleResolutionDownBy: 2 ** (rids.length - 1 - index) }));
	}

	function prefer(transceiver, codec) {
		const wanted = [`video/${codec}`, "video/rtx"].map((type) => type.toLowerCase());
		const { codecs } = RTCRtpReceiver.getCapabilities("video");
		transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())));
	}

	globalThis.conformance = async (method, ...args) => {
		if (method === "createPeer") {
			peers.set(++lastId, new PagePeer(...args));
			return lastId;
		}
		if (method === "fetch") {
			const [url, request] = args;
			const answer = await fetch(url, request);
			return { status: answer.status, headers: Object.fromEntries(answer.headers) };
		}
		const [id, ...rest] = args;
		const result = await peers.get(id)[method](...rest);
		if (method === "close") peers.delete(id);
		return result;
	};
})();
