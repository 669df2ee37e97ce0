import { type Browser, chromium } from "playwright-core";

export interface FakeDevices {
	/** A .y4m file; see fake-devices.ts. */
	cameraPath: string;
	/** A .wav file. */
	microphonePath: string;
}

/** Of this machine. */
export const chromiumPath = (): string => process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";

/**
 * Chromium with a camera and a microphone made of files, which pages get without being asked. Without `devices`: none.
 * The fake devices belong to the process, so each person with a camera needs a browser.
 * `executablePath`: a program that starts it with the arguments it gets.
 */
export function launchChromium(devices?: FakeDevices, executablePath = chromiumPath()): Promise<Browser> {
	return chromium.launch({
		executablePath,
		headless: true,
		args: [
			"--no-sandbox",
			"--autoplay-policy=no-user-gesture-required",
			"--disable-gpu",
			"--mute-audio",
			// Candidates by address rather than by mDNS names, which nobody answers in a container.
			"--disable-features=WebRtcHideLocalIpsWithMdns",
			...(devices
				? [
						"--use-fake-ui-for-media-stream",
						"--use-fake-device-for-media-stream",
						`--use-file-for-fake-video-capture=${devices.cameraPath}`,
						`--use-file-for-fake-audio-capture=${devices.microphonePath}`,
					]
				: []),
		],
	});
}
