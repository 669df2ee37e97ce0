import { launchFirefox } from "../../support/firefox.ts";
import { createBrowserClient } from "./browser-client.ts";
import type { ClientDescription, ClientFactory } from "./media-client.ts";

const description: ClientDescription = {
	name: "firefox",
	stack: "Firefox",
	decodes: true,
	// Its H.264 comes from a plug-in that it would have to download.
	codecs: ["VP8"],
	sendsSimulcast: true,
	restartsIce: true,
	isBrowser: true,
};

/** Firefox without a window. */
export const firefoxClient: ClientFactory = {
	...description,
	async start() {
		// Its oscillators wait for ever where there is no sound card; its fake microphone does not.
		return createBrowserClient(description, { sound: "microphone", ...(await launchFirefox()) });
	},
};
