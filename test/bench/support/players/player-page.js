// @ts-nocheck: it runs in a page, and the tests know no DOM.
// Runs in a page that has loaded one of the players, with what each needs for low latency, if it has that.

const errors = [];
globalThis.addEventListener("error", ({ message }) => errors.push(message));

const players = {
	"hls.js"(video, url) {
		const { Hls } = globalThis;
		const hls = new Hls({ lowLatencyMode: true });
		hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => errors.push(`${details}${fatal ? ", fatal" : ""}`));
		hls.attachMedia(video);
		hls.loadSource(url);
	},
	async shaka(video, url) {
		const { shaka } = globalThis;
		shaka.polyfill.installAll();
		const player = new shaka.Player();
		player.addEventListener("error", ({ detail }) => errors.push(`shaka error ${detail.code}: ${detail.message}`));
		// In segments mode Shaka 5.2.12 gives up what it has parsed before each part that it appends whenever a stream's
		// time is behind its own, and the browser then drops the parts without an IDR (shaka-player issue 10589).
		player.configure({ streaming: { lowLatencyMode: true }, manifest: { hls: { sequenceMode: true } } });
		await player.attach(video);
		await player.load(url).catch((error) => errors.push(`shaka cannot load: ${error.code}`));
	},
	"video.js"(video, url) {
		// With parts video.js 8.24 takes EXT-X-INDEPENDENT-SEGMENTS to mean that each part has an IDR, begins with one that
		// has none, and waits for ever for what the browser has dropped.
		const player = globalThis.videojs(video, { liveui: true, autoplay: "muted", html5: { vhs: { llhls: false } } });
		player.on("error", () => errors.push(player.error()?.message));
		player.src({ src: url, type: "application/x-mpegURL" });
	},
};

globalThis.playIn = (name, url) => {
	const video = document.querySelector("video");
	video.addEventListener("canplay", () => video.play().catch((error) => errors.push(String(error))), { once: true });
	players[name](video, url);
};
globalThis.playedSoFar = () => {
	const video = document.querySelector("video");
	const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
	return { positionS: video.currentTime, pictures: totalVideoFrames, dropped: droppedVideoFrames, errors };
};
