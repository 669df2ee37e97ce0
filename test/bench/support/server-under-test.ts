import type { PeerClient } from "./peer-client.ts";

/** A server with one room, in a process of its own. */
export interface ServerUnderTest {
	readonly name: string;
	readonly version: string;
	readonly pid: number;
	/** Negotiates a publisher whose media is set up already. Resolves with the answer in place, before ICE. */
	publish(participant: number, client: PeerClient): Promise<void>;
	/** Negotiates a subscriber to those participants' video; they publish already. */
	subscribe(participant: number, to: number[], client: PeerClient): Promise<void>;
	/** Bytes of the main thread's heap after a collection, where there is such a thing. */
	heapBytes(): Promise<number | undefined>;
	close(): Promise<void>;
}
