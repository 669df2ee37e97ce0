import type { ClientDescription } from "../clients/media-client.ts";
import type { ConformanceItem } from "../conformance-item.ts";
import { mediaItems } from "./media-items.ts";
import { quirkItems } from "./quirk-items.ts";
import { whepExtensionItems } from "./whep-extension-items.ts";
import { whepItems } from "./whep-items.ts";
import { whipHttpItems } from "./whip-http-items.ts";
import { whipOfferItems } from "./whip-offer-items.ts";
import { loadItems, whipServiceItems } from "./whip-service-items.ts";
import { whipSessionItems } from "./whip-session-items.ts";

/** Every item, in the order in which they are to run. */
export function allItems(clients: readonly ClientDescription[]): ConformanceItem[] {
	return [
		...whipHttpItems,
		...whipOfferItems,
		...whipSessionItems,
		...whipServiceItems,
		...whepItems,
		...whepExtensionItems,
		...quirkItems,
		...clients.flatMap(mediaItems),
		...loadItems,
	];
}
