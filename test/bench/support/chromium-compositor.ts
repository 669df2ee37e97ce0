import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { chromiumPath } from "../../support/chromium.ts";
import { descendantsOf } from "../../support/processes.ts";

export interface ChromiumCompositor {
	/** Of everything that takes part: Xvfb, Chromium with all its processes, and the ffmpeg that grabs. */
	pids(): Promise<number[]>;
	close(): Promise<void>;
}

/**
 * The same people in a page, as others compose: Chromium on a display of Xvfb's, and ffmpeg which grabs that 30 times a
 * second and converts it to I420. The page plays files, which costs less than receiving and decrypting them as well.
 */
export async function showInChromium(
	paths: string[],
	{ width, height }: { width: number; height: number },
): Promise<ChromiumCompositor> {
	const directory = await mkdtemp(join(tmpdir(), "chromium-compositor-"));
	const started: ChildProcess[] = [];
	let browser: Browser | undefined;
	const close = async () => {
		await browser?.close();
		for (const child of started.reverse()) {
			const exited = once(child, "exit");
			if (child.exitCode === null && child.kill("SIGKILL")) await exited;
		}
		await rm(directory, { recursive: true, force: true });
	};
	try {
		const screen = `${width}x${height}x24`;
		const xvfb = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp"], {
			stdio: ["ignore", "ignore", "ignore", "pipe"],
		});
		started.push(xvfb);
		const [number] = (await once(xvfb.stdio[3] as NodeJS.ReadableStream, "data")) as [Buffer];
		const display = `:${number.toString().trim()}`;
		const page = join(directory, "stage.html");
		await writeFile(page, stageOf(paths));
		browser = await chromium.launch({
			executablePath: chromiumPath(),
			headless: false,
			env: { ...process.env, DISPLAY: display },
			args: [
				"--no-sandbox",
				"--disable-gpu",
				"--mute-audio",
				"--autoplay-policy=no-user-gesture-required",
				"--kiosk",
				"--window-position=0,0",
				`--window-size=${width},${height}`,
			],
		});
		const tab = await browser.newPage({ viewport: null });
		await tab.goto(pathToFileURL(page).href);
		await tab.waitForFunction("[...document.querySelectorAll('video')].every((video) => video.currentTime > 0.5)");
		const grab = ["-f", "x11grab", "-framerate", "30", "-video_size", `${width}x${height}`, "-i", display];
		started.push(
			spawn(
				"ffmpeg",
				["-v", "error", "-nostdin", ...grab, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-y", "/dev/null"],
				{
					stdio: "ignore",
				},
			),
		);
		const roots = started.map(({ pid = 0 }) => pid);
		return {
			async pids() {
				// Chromium is a child of this process, and nothing else of its name is.
				const below = await descendantsOf(process.pid);
				const browsers = below.filter(({ command }) => command.includes("chromium")).map(({ pid }) => pid);
				return [...new Set([...roots, ...browsers])];
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

/** A grid, as in the programme. */
function stageOf(paths: string[]): string {
	const columns = Math.ceil(Math.sqrt(paths.length));
	const videos = paths.map((path) => `<video src="${pathToFileURL(path).href}" autoplay loop muted></video>`).join("");
	return `<!doctype html><style>
body { margin: 0; height: 100vh; background: #0b0e15; display: grid; gap: 16px; padding: 16px; box-sizing: border-box;
grid-template-columns: repeat(${columns}, 1fr); align-content: center }
video { width: 100%; aspect-ratio: 16 / 9; object-fit: cover; border-radius: 12px }
</style>${videos}`;
}
