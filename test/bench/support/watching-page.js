// @ts-nocheck: it runs in a page, and the tests know no DOM.
// Runs in a page before its own scripts: reads the clock off the first video that appears, and counts what disturbs it.

globalThis.watching = (() => {
	const { nowMs, ShownClock } = globalThis.burntClock;
	const SAMPLE_INTERVAL_MS = 100;
	const LOOK_INTERVAL_MS = 5;
	/** Of performance.now(), which begins with the page. */
	let [videoAtMs, firstPictureAtMs] = [null, null];
	let shown;
	let stalls = [];
	let samples = [];

	function bufferAheadMs({ buffered, currentTime }) {
		for (let i = 0; i < buffered.length; i++)
			if (buffered.start(i) <= currentTime + 0.05 && buffered.end(i) >= currentTime)
				return 1000 * (buffered.end(i) - currentTime);
		return 0;
	}

	function watch(video) {
		let isPlaying = false;
		videoAtMs = performance.now();
		shown = new ShownClock(video, () => {
			firstPictureAtMs ??= performance.now();
		});
		video.addEventListener("playing", () => {
			isPlaying = true;
		});
		video.addEventListener("waiting", () => {
			if (isPlaying && !video.seeking) stalls.push(nowMs());
			isPlaying = false;
		});
		setInterval(() => {
			const said = document.querySelector("[data-latency-ms]")?.dataset.latencyMs;
			const saidMs = said === undefined ? null : Number(said);
			samples.push({
				atMs: nowMs(),
				bufferMs: bufferAheadMs(video),
				rate: video.playbackRate,
				saidMs,
				shownMs: shown.lastMs ?? 0,
				latencyMs: shown.latenciesMs.at(-1) ?? 0,
			});
		}, SAMPLE_INTERVAL_MS);
	}

	const looking = setInterval(() => {
		const video = document.querySelector("video");
		if (!video) return;
		clearInterval(looking);
		watch(video);
	}, LOOK_INTERVAL_MS);

	return {
		begin() {
			shown.begin();
			stalls = [];
			samples = [];
		},
		read: () => ({ videoAtMs, firstPictureAtMs, stalls, samples, shown: shown?.read() ?? null }),
	};
})();
