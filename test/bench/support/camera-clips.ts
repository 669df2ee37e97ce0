import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Recording, record } from "../../../transcoder/test-support/feed.ts";

const run = promisify(execFile);

/** One camera, as packets for the feed and as a file for everything else: the same pictures in the same encoding. */
export interface CameraClip {
	recordings: Recording[];
	/** WebM of VP8, 1280x720 at 30 pictures a second, and Opus. */
	path: string;
}

const tone = (index: number) => `sine=f=${300 + 100 * index}:r=48000`;
/** Somebody talking, as far as an encoder can tell: most of it moves a little, with the noise of a sensor. */
const picture = (hue: number) =>
	`testsrc2=s=1280x720:r=30,scroll=horizontal=0.002,gblur=sigma=3,noise=alls=3:allf=t,hue=h=${hue}`;
const vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-g", "15"];

/** `count` cameras with sound. */
export async function makeCameraClips(count: number, directory: string): Promise<CameraClip[]> {
	const clips: CameraClip[] = [];
	for (let index = 0; index < count; index++) {
		const source = picture((index * 360) / count);
		const path = join(directory, `camera-${index}.webm`);
		const inputs = [source, tone(index)].flatMap((input) => ["-f", "lavfi", "-i", input]);
		const coding = ["-pix_fmt", "yuv420p", ...vp8, "-c:a", "libopus"];
		await run("ffmpeg", ["-v", "error", ...inputs, "-t", "4", ...coding, path]);
		const recordings = [await record("VP8", source), await record("opus", tone(index))];
		clips.push({ recordings, path });
	}
	return clips;
}
