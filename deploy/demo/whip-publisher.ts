import { type MediaTrack, type PeerConnection, RTCPeerConnection } from "./webrtc.ts";

/** The server refused the offer. */
export class WhipRefused extends Error {
	override readonly name = "WhipRefused";
	readonly status: number;

	constructor(status: number, body: string) {
		super(`WHIP was answered with ${status}: ${body.slice(0, 300)}`);
		this.status = status;
	}
}

export interface WhipPublisher {
	/** Resolves with a reason when the session is over without our doing. */
	readonly ended: Promise<string>;
	/** Deletes the session at the server and closes the connection. Never rejects. */
	close(): Promise<void>;
}

export interface WhipOptions {
	/** URL of the WHIP endpoint. */
	endpoint: string;
	/** Bearer token of a presenter. */
	token: string;
	tracks: MediaTrack[];
}

/** Longer than a lost packet, shorter than what a viewer would take for the end. */
const DISCONNECTED_FOR_GOOD_MS = 5000;
const ANSWER_DEADLINE_MS = 10_000;

/**
 * Publishes by WHIP (RFC 9725), all candidates in the offer. Resolves when media flows.
 * @throws WhipRefused on an answer other than 201, Error when no connection comes about.
 */
export async function publishByWhip({ endpoint, token, tracks }: WhipOptions): Promise<WhipPublisher> {
	const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
	const ending = Promise.withResolvers<string>();
	let session: string | undefined;

	async function close(): Promise<void> {
		const gone = session;
		session = undefined;
		if (gone) {
			await fetch(gone, {
				method: "DELETE",
				headers: { authorization: `Bearer ${token}` },
				signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
			}).catch(() => {}); // the server may be gone already, and its session with it
		}
		connection.close();
	}

	try {
		for (const track of tracks) connection.addTransceiver(track, { direction: "sendonly" });
		await connection.setLocalDescription(await connection.createOffer());
		await gatheringDone(connection);
		const answer = await fetch(endpoint, {
			method: "POST",
			headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
			body: connection.localDescription?.sdp ?? "",
			signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
		});
		const body = await answer.text();
		if (answer.status !== 201) throw new WhipRefused(answer.status, body);
		session = new URL(answer.headers.get("location") ?? "", endpoint).href;
		const connected = watchConnection(connection, ending.resolve);
		await connection.setRemoteDescription({ type: "answer", sdp: body });
		await connected;
		return { ended: ending.promise, close };
	} catch (error) {
		await close();
		throw error;
	}
}

/** Resolves when the local description holds every candidate. */
export async function gatheringDone(connection: PeerConnection): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const look = () => connection.iceGatheringState === "complete" && resolve();
	connection.addEventListener("icegatheringstatechange", look);
	look();
	await promise;
}

/** Resolves once connected, rejects if that fails or takes too long; afterwards tells `onEnd` of the connection's end. */
function watchConnection(connection: PeerConnection, onEnd: (reason: string) => void): Promise<void> {
	const connected = Promise.withResolvers<void>();
	const deadline = setTimeout(() => connected.reject(new Error("no connection within 10 s")), ANSWER_DEADLINE_MS);
	let lost: NodeJS.Timeout | undefined;
	function end(reason: string): void {
		clearTimeout(deadline);
		clearTimeout(lost);
		connected.reject(new Error(reason));
		onEnd(reason);
	}
	connection.addEventListener("connectionstatechange", () => {
		clearTimeout(lost);
		const state = connection.connectionState;
		if (state === "connected") {
			clearTimeout(deadline);
			connected.resolve();
		} else if (state === "disconnected") {
			lost = setTimeout(() => end("the connection is lost"), DISCONNECTED_FOR_GOOD_MS);
		} else if (state === "failed" || state === "closed") {
			end(`the connection is ${state}`);
		}
	});
	return connected.promise;
}
