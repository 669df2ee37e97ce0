import type { IceCredentials, LocalHost } from "../sdp/session-description.ts";
import type { SrtpKeys } from "./dtls-session.ts";
import type { ChannelEnd } from "./thread-channel.ts";

/** A connection that is about to come. */
export interface Expected {
	/** Its name in every thread. */
	connection: string;
	/** Number of the media worker that has its room. */
	worker: number;
	ice: IceCredentials;
	dtlsRole: "server" | "client";
	/** What the peer's certificate has to match, from its SDP. */
	fingerprint: { algorithm: string; value: Uint8Array };
}

export type MainToDoor =
	| { type: "attach"; worker: number; end: ChannelEnd }
	| { type: "detach"; worker: number }
	| ({ type: "expect" } & Expected)
	/** Both ends of ICE begin anew; the old one goes on until the new one works. */
	| { type: "restart"; connection: string; ice: IceCredentials }
	| { type: "forget"; connection: string }
	| { type: "stop" };

export interface DoorToMain {
	type: "open";
	/** Where peers can send to. */
	hosts: LocalHost[];
	port: number;
	/** `sha-256 AB:CD:…` */
	fingerprint: string;
}

/** One way between us and a peer. */
export interface PathName {
	/** Tells paths apart. */
	path: string;
	localAddress: string;
	localPort: number;
	address: string;
	port: number;
	/** Whether a socket of one's own can be connected along it; else everything goes through the door. */
	connectable: boolean;
}

export type DoorToWorker =
	/** Where to send from now on. */
	| ({ type: "path"; connection: string } & PathName)
	/** The handshake is done, and the peer is who its SDP says. */
	| { type: "keys"; connection: string; keys: SrtpKeys }
	/** A restart is done: checks are answered by these alone. */
	| { type: "credentials"; connection: string; ice: IceCredentials }
	/** The peer has sent something authentic. */
	| { type: "alive"; connection: string }
	/** SRTP that came to the door. */
	| { type: "datagram"; connection: string; data: Uint8Array }
	| { type: "closed"; connection: string; reason: string };

export type WorkerToDoor =
	/** DTLS, or STUN that is not for the worker, from a socket of its own. */
	| { type: "datagram"; connection: string; path: string; data: Uint8Array }
	/** A check with USE-CANDIDATE has come to a socket of its own; `key` is that of its transaction. */
	| { type: "nomination"; connection: string; key: number }
	/** To be sent to the peer on its path. */
	| { type: "send"; connection: string; data: Uint8Array }
	/** From someone else: it came while the socket was bound but not yet connected. */
	| { type: "stray"; localAddress: string; localPort: number; address: string; port: number; data: Uint8Array };
