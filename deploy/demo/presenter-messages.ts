/** IPC between whoever starts the demo and the process of its presenters. It ends by itself when its parent goes. */
export type ToPresenters =
	/** Once, first. One token for each person of the cast, in its order. */
	| { type: "start"; endpoint: string; tokens: string[] }
	/** Leave the webinar, then exit. */
	| { type: "end" };

export type FromPresenters =
	| { type: "on-air"; name: string }
	| { type: "off-air"; name: string; reason: string; willRetry: boolean };
