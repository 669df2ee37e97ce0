import { type Browser, chromium } from "playwright-core";

export interface FakeDevices {
	/** A .y4m file; see fake-devices.ts. */
	cameraPath: string;
	/** A .wav file. */
	microphonePath: string;
}

/**
 * Chromium with a camera and a microphone made of files, which pages get without being asked. Without `devices`: none.
 * The fake devices belong to the process, so each person with a camera needs a browser.
 */
export function launchChromium(devices?: FakeDevices): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env["CHROMIUM_PATH"] || "/usr/bin/chromium",
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
