const DOTS_MS = 1000;

/** Seconds with one decimal. @param {number} ms */
export function seconds(ms) {
	return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * One line per step. On a terminal the line of the step under way counts its seconds and shows the last line its command
 * printed; elsewhere a step says when it starts and when it is done.
 * @param {{ stream?: NodeJS.WriteStream }} [options]
 */
export function createProgress({ stream = process.stdout } = {}) {
	const live = stream.isTTY === true;
	/** @type {NodeJS.Timeout | undefined} */
	let timer;

	/** @param {string} text */
	function rewrite(text) {
		stream.write(`\r\x1b[2K${text.slice(0, (stream.columns || 80) - 1)}`);
	}

	return {
		/** @param {string} text */
		note(text) {
			if (live && timer) stream.write("\r\x1b[2K");
			stream.write(`  ${text}\n`);
		},
		/**
		 * @param {string} name
		 * @param {string} what what is being done, for a step that takes a while
		 * @returns {{ line(text: string): void, end(ok: boolean, result?: string): void }}
		 */
		begin(name, what) {
			const startedAt = Date.now();
			let last = "";
			const show = () => rewrite(`  … ${name}: ${what}, ${Math.floor((Date.now() - startedAt) / 1000)} s  ${last}`);
			if (live) {
				show();
				timer = setInterval(show, DOTS_MS);
			} else stream.write(`  … ${name}: ${what}\n`);
			return {
				line(text) {
					last = text;
				},
				end(ok, result = seconds(Date.now() - startedAt)) {
					clearInterval(timer);
					timer = undefined;
					if (live) rewrite("");
					stream.write(`  ${ok ? "✓" : "✗"} ${name}: ${result}\n`);
				},
			};
		},
	};
}
