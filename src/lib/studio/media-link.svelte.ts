import { backoffMs } from "../backoff.ts";
import { ApiProblem, isFinal } from "../control/api-problem.ts";
import { restartedAnswer, restartFragment } from "./ice-restart.ts";
import { askForIceServers } from "./ice-servers.ts";
import { endSession, exchangeRestart, exchangeSdp } from "./sdp-exchange.ts";
import { withSoundRepair } from "./sound-repair.ts";

export type LinkState = "idle" | "connecting" | "live" | "reconnecting" | "failed" | "stopped";

const CONNECTED_WITHIN_MS = 15_000;
/** A connection that is `disconnected` often comes back, by itself or, as after a change of Wi-Fi, by a restart of ICE. */
const PATIENCE_MS = 3_000;
/** The server answers with what it knows by itself, so the first candidates are enough. */
const GATHERED_WITHIN_MS = 400;
const RETRY = { firstMs: 400, mostMs: 8_000 };

/** Where news of sessions that the server has ended come from. */
export interface SessionEndings {
	/** Returns how to stop listening. */
	onSessionEnded(listener: (session: string, reason: string) => void): () => void;
}

interface MediaLinkOptions {
	/** WHIP or WHEP endpoint. */
	url: string;
	token: string;
	/** Adds the transceivers to each new connection. */
	prepare: (connection: RTCPeerConnection) => void;
	endings: SessionEndings;
}

/**
 * One WebRTC connection to the server by WHIP or WHEP, made anew whenever it breaks, until `stop()` or an answer that
 * no repetition would change.
 */
export class MediaLink {
	state = $state<LinkState>("idle");
	/** Why it is `failed`, or the last thing that went wrong while `reconnecting`. */
	problem = $state.raw<ApiProblem | null>(null);
	/** Last path segment of the session's address: the name it has in events. Null while there is none. */
	session = $state<string | null>(null);

	readonly #options: MediaLinkOptions;
	#connection: RTCPeerConnection | undefined;
	#resource: { sessionUrl: string; etag: string | null } | undefined;
	#stopListening: (() => void) | undefined;
	#attempt = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#impatience: ReturnType<typeof setTimeout> | undefined;
	/** Of the connection being made or in use. */
	#run = new AbortController();

	constructor(options: MediaLinkOptions) {
		this.#options = options;
	}

	get connection(): RTCPeerConnection | undefined {
		return this.#connection;
	}

	start(): void {
		if (this.state !== "idle" && this.state !== "stopped" && this.state !== "failed") return;
		this.state = "connecting";
		this.problem = null;
		this.#attempt = 0;
		addEventListener("pagehide", this.#endWithPage);
		this.#stopListening = this.#options.endings.onSessionEnded((session, reason) => this.#onEnded(session, reason));
		void this.#connect();
	}

	stop(): void {
		if (this.state === "idle") return;
		this.#hangUp();
		this.#end("stopped");
	}

	/** An arrow function, so that it can be taken off again. */
	readonly #endWithPage = (): void => this.stop();

	async #connect(): Promise<void> {
		const run = new AbortController();
		this.#run = run;
		this.#impatience = setTimeout(
			() => this.#broken(run, new ApiProblem("unreachable", 0, NO_MEDIA)),
			CONNECTED_WITHIN_MS,
		);
		const { url, token } = this.#options;
		try {
			const iceServers = await askForIceServers(url, token, run.signal);
			if (run.signal.aborted) return;
			const connection = new RTCPeerConnection({ iceServers });
			this.#connection = connection;
			this.#options.prepare(connection);
			await connection.setLocalDescription();
			await gathered(connection, run.signal);
			const offer = withSoundRepair(connection.localDescription?.sdp ?? "");
			const { answer, sessionUrl, etag } = await exchangeSdp({ ...this.#options, offer, signal: run.signal });
			if (run.signal.aborted) return endSession(sessionUrl, this.#options.token);
			this.#resource = { sessionUrl, etag };
			this.session = new URL(sessionUrl).pathname.split("/").at(-1) ?? null;
			connection.onconnectionstatechange = () => this.#connectionChanged(run, connection.connectionState);
			await connection.setRemoteDescription({ type: "answer", sdp: answer });
		} catch (error) {
			const detail = "The connection to the server could not be set up.";
			this.#broken(
				run,
				error instanceof ApiProblem ? error : new ApiProblem("unexpected-answer", 0, detail, { cause: error }),
			);
		}
	}

	#connectionChanged(run: AbortController, connectionState: RTCPeerConnectionState): void {
		if (run.signal.aborted) return;
		if (connectionState === "connected") {
			clearTimeout(this.#impatience);
			this.#attempt = 0;
			this.problem = null;
			this.state = "live";
		} else if (connectionState === "disconnected") {
			clearTimeout(this.#impatience);
			this.#impatience = setTimeout(() => this.#broken(run, new ApiProblem("unreachable", 0, LOST)), PATIENCE_MS);
			void this.#restartIce(run);
		} else if (connectionState === "failed" || connectionState === "closed") {
			this.#broken(run, new ApiProblem("unreachable", 0, this.state === "live" ? LOST : NO_MEDIA));
		}
	}

	/** New addresses of ours are found and tried while the old ones may still come back; the others on stage notice nothing. */
	async #restartIce(run: AbortController): Promise<void> {
		const connection = this.#connection;
		const session = this.#resource;
		const previous = connection?.remoteDescription?.sdp;
		if (!connection || !session || previous === undefined) return;
		try {
			await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
			const fragment = restartFragment(connection.localDescription?.sdp ?? "");
			const answer = await exchangeRestart({ session, token: this.#options.token, fragment, signal: run.signal });
			session.etag = answer.etag;
			if (run.signal.aborted) return;
			await connection.setRemoteDescription({ type: "answer", sdp: restartedAnswer(previous, answer.fragment) });
		} catch {
			// Whatever it was, the connection is made anew when patience is over.
		}
	}

	#onEnded(session: string, reason: string): void {
		if (session !== this.session) return;
		if (reason === "replaced") {
			this.#hangUp();
			this.problem = new ApiProblem("replaced", 409, "You went on with this in another window.");
			this.#end("failed");
		} else if (reason === "removed") {
			this.stop();
			this.problem = new ApiProblem("removed", 403, "The host has taken you off the stage.");
		} else if (reason === "webinar closed") this.stop();
		else this.#broken(this.#run, new ApiProblem("unreachable", 0, LOST));
	}

	#broken(run: AbortController, problem: ApiProblem): void {
		if (run.signal.aborted) return;
		this.#hangUp();
		this.problem = problem;
		// Nobody to be heard yet: the one refusal that time changes.
		if (isFinal(problem) && problem.code !== "no-source") {
			this.#end("failed");
			return;
		}
		this.state = "reconnecting";
		this.#retry = setTimeout(() => void this.#connect(), backoffMs(this.#attempt++, RETRY));
	}

	#end(state: "stopped" | "failed"): void {
		removeEventListener("pagehide", this.#endWithPage);
		this.#stopListening?.();
		this.state = state;
	}

	#hangUp(): void {
		this.#run.abort();
		clearTimeout(this.#retry);
		clearTimeout(this.#impatience);
		this.#connection?.close();
		this.#connection = undefined;
		if (this.#resource) endSession(this.#resource.sessionUrl, this.#options.token);
		this.#resource = undefined;
		this.session = null;
	}
}

const LOST = "The connection to the server was lost.";
const NO_MEDIA = "No media connection to the server came about. A firewall may be blocking UDP.";

/** Resolves when the candidates are known, or most of them. */
async function gathered(connection: RTCPeerConnection, signal: AbortSignal): Promise<void> {
	if (connection.iceGatheringState === "complete") return;
	const enough = AbortSignal.any([signal, AbortSignal.timeout(GATHERED_WITHIN_MS)]);
	await new Promise<void>((resolve) => {
		enough.addEventListener("abort", () => resolve());
		connection.addEventListener(
			"icegatheringstatechange",
			() => connection.iceGatheringState === "complete" && resolve(),
			{ signal: enough },
		);
	});
}
