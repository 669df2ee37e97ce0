import { chromiumClient } from "./chromium-client.ts";
import { datachannelClient } from "./datachannel-client.ts";
import { firefoxClient } from "./firefox-client.ts";
import type { ClientFactory, MediaClient } from "./media-client.ts";
import { wrtcClient } from "./wrtc-client.ts";

/** Each client the suite knows. The first of those chosen serves the items that need any. */
export const clientFactories: readonly ClientFactory[] = [wrtcClient, chromiumClient, firefoxClient, datachannelClient];

/** Starts clients one after another. What was started is ended again when one fails. */
export async function startClients(factories: readonly ClientFactory[]): Promise<MediaClient[]> {
	const clients: MediaClient[] = [];
	try {
		for (const factory of factories) clients.push(await factory.start());
		return clients;
	} catch (error) {
		for (const client of clients) await client.close();
		throw error;
	}
}
