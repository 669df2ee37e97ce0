import { backoffMs } from "../backoff.ts";
import { ApiProblem, isFinal } from "../control/api-problem.ts";
import { endSession, exchangeSdp } from "./sdp-exchange.ts";

export type LinkState = "idle" | "connecting" | "live" | "reconnecting" | "failed" | "stopped";

const CONNECTED_WITHIN_MS = 15_000;
/** A connection that is `disconnected` often comes back by itself, as after a change of Wi-Fi. */
const PATIENCE_MS = 3_000;
/** The server answers with what it knows by itself, so the first candidates are enough. */
const GATHERED_WITHIN_MS = 400;
const RETRY = { firstMs: 400, mostMs: 8_000 };

interface MediaLinkOptions {
	/** WHIP or WHEP endpoint. */
	url: string;
	token: string;
	/** Adds the transceivers to each new connection. */
	prepare: (connection: RTCPeerConnection) => void;
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
	#sessionUrl: string | undefined;
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
		const connection = new RTCPeerConnection();
		this.#connection = connection;
		this.#impatience = setTimeout(
			() => this.#broken(run, new ApiProblem("unreachable", 0, NO_MEDIA)),
			CONNECTED_WITHIN_MS,
		);
		try {
			this.#options.prepare(connection);
			await connection.setLocalDescription();
			await gathered(connection, run.signal);
			const offer = connection.localDescription?.sdp ?? "";
			const { answer, sessionUrl } = await exchangeSdp({ ...this.#options, offer, signal: run.signal });
			if (run.signal.aborted) return endSession(sessionUrl, this.#options.token);
			this.#sessionUrl = sessionUrl;
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
		} else if (connectionState === "failed" || connectionState === "closed") {
			this.#broken(run, new ApiProblem("unreachable", 0, this.state === "live" ? LOST : NO_MEDIA));
		}
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
		this.state = state;
	}

	#hangUp(): void {
		this.#run.abort();
		clearTimeout(this.#retry);
		clearTimeout(this.#impatience);
		this.#connection?.close();
		this.#connection = undefined;
		if (this.#sessionUrl) endSession(this.#sessionUrl, this.#options.token);
		this.#sessionUrl = undefined;
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
