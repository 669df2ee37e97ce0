import { type ClientMessage, type ServerEvent, serverEventSchema } from "../../../core/protocol/events.ts";
import type { PersonFigures } from "../../../core/protocol/figures.ts";
import type { Output } from "../../../core/protocol/outputs.ts";
import type { Audience } from "../../../core/protocol/playback.ts";
import type { DirectedScene } from "../../../core/protocol/scene-direction.ts";
import type { Hand, MediaSource, Promotion, Stage } from "../../../core/protocol/stage.ts";
import type { Person, Webinar } from "../../../core/protocol/webinar.ts";
import { backoffMs } from "../backoff.ts";
import { type ApiProblem, problemOfAnswer } from "./api-problem.ts";
import { ClockOffset } from "./clock-offset.ts";

const PING_EVERY_MS = 30_000;
/** A few in a row: the shortest round trip counts. */
const PINGS_A_ROUND = 4;
const PING_GAP_MS = 150;
/** The socket is taken for dead when neither an answer to a ping nor anything else has come by then. */
const SILENCE_MS = 8_000;
const WELCOME_WITHIN_MS = 10_000;
/** Sessions whose slots are remembered: a page has one, and for a moment a second while it reconnects. */
const SESSIONS = 4;

/** Figures come every two seconds; after this they are no news any more. */
const FIGURES_AGE_MS = 7_000;

export interface SlotOccupant {
	personId: string;
	source: MediaSource;
}

export type EventsStatus = "connecting" | "open" | "lost" | "refused";
export type ProgrammeHealth = Pick<Extract<ServerEvent, { type: "programme" }>, "state" | "shedding">;

interface EventsOptions {
	webinarId: string;
	token: string;
	/** Default: the page's own origin. */
	baseUrl?: string;
}

/** One person's live view of a webinar over its WebSocket. Comes back by itself until `close()` or a refusal. */
export class WebinarEvents {
	/** `lost`: there was a connection, and the next one is being tried. `refused`: `problem` says why; nothing is tried. */
	status = $state<EventsStatus>("connecting");
	problem = $state.raw<ApiProblem | null>(null);
	you = $state.raw<Person | null>(null);
	webinar = $state.raw<Webinar | null>(null);
	stage = $state.raw<Stage>({ people: [] });
	promotion = $state.raw<Promotion>({ state: "none" });
	/** Hosts only. */
	hands = $state.raw<Hand[]>([]);
	/** Hosts only: attendees connected now. */
	watching = $state.raw<number | null>(null);
	/** Hosts only: how the programme reaches the audience; null where players do not report. */
	audience = $state.raw<Audience | null>(null);
	/** Hosts only: the programme as it should be now. */
	scene = $state.raw<DirectedScene | null>(null);
	/** Hosts only. */
	outputs = $state.raw<Output[]>([]);
	/** Hosts only. */
	programme = $state.raw<ProgrammeHealth | null>(null);
	/** Hosts only: why the programme does not reach the server's disk; null while it does. */
	archiveFailure = $state.raw<string | null>(null);
	/** Who is in each slot, and what of them, by the id of the WHEP session. */
	slots = $state.raw<Record<string, (SlotOccupant | null)[]>>({});
	/** How people's media goes, by person: hosts have everybody's, others their own. Empty when nothing recent is known. */
	figures = $state.raw<Record<string, PersonFigures>>({});
	/** What to add to this machine's clock to get the server's, in milliseconds. */
	clockOffsetMs = $state<number | null>(null);

	readonly #url: string;
	readonly #clock = new ClockOffset();
	readonly #pings = new Map<number, number>();
	readonly #endingListeners = new Set<(session: string, reason: string) => void>();
	#socket: WebSocket | undefined;
	#lastHeardMs = 0;
	#nextPing = 0;
	#attempt = 0;
	#closed = false;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#figuresAge: ReturnType<typeof setTimeout> | undefined;
	/** What lives as long as one socket. */
	#timers: ReturnType<typeof setTimeout>[] = [];

	constructor({ webinarId, token, baseUrl = location.origin }: EventsOptions) {
		const path = `/api/webinars/${encodeURIComponent(webinarId)}/events?token=${encodeURIComponent(token)}`;
		this.#url = new URL(path, baseUrl).href;
		this.#connect();
	}

	/** An attendee's hand; lowering it also declines an offer. Returns false when there is no connection to say it over. */
	raiseHand(raised: boolean): boolean {
		return this.#send({ type: "hand", raised });
	}

	/** A promoted attendee goes back to the audience. */
	leaveStage(): boolean {
		return this.#send({ type: "leave-stage" });
	}

	/** On stage: whether this person's camera is switched on. To be said again on every connection. */
	sayCamera(on: boolean): boolean {
		return this.#send({ type: "camera", on });
	}

	/** A WHIP or WHEP session of this person, named by the last segment of its address, was ended by the server. */
	onSessionEnded(listener: (session: string, reason: string) => void): () => void {
		this.#endingListeners.add(listener);
		return () => this.#endingListeners.delete(listener);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retry);
		clearTimeout(this.#figuresAge);
		this.#dropSocket();
	}

	#connect(): void {
		const socket = new WebSocket(this.#url.replace(/^http/, "ws"));
		this.#socket = socket;
		let welcomed = false;
		socket.onmessage = ({ data }) => {
			const event = parseEvent(data);
			if (!event || this.#socket !== socket) return;
			this.#lastHeardMs = Date.now();
			if (event.type === "welcome") {
				welcomed = true;
				this.#attempt = 0;
				this.status = "open";
				this.#pingRound();
			}
			this.#apply(event);
		};
		socket.onclose = () => this.#socket === socket && void this.#gone(welcomed);
		this.#timers.push(setTimeout(() => !welcomed && this.#gone(false), WELCOME_WITHIN_MS));
	}

	async #gone(welcomed: boolean): Promise<void> {
		this.#dropSocket();
		if (this.status === "open") this.status = "lost";
		// A browser does not tell why a WebSocket was refused, but the same address says it to a plain request.
		const problem = welcomed ? undefined : await askWhy(this.#url);
		if (this.#closed) return;
		if (problem && isRefusal(problem)) {
			this.problem = problem;
			this.status = "refused";
			return;
		}
		this.#retry = setTimeout(() => this.#connect(), backoffMs(this.#attempt++));
	}

	#dropSocket(): void {
		for (const timer of this.#timers.splice(0)) clearTimeout(timer);
		this.#pings.clear();
		const socket = this.#socket;
		this.#socket = undefined;
		if (!socket) return;
		socket.onmessage = null;
		socket.onclose = null;
		socket.close();
	}

	#apply(event: ServerEvent): void {
		switch (event.type) {
			case "welcome":
				this.archiveFailure = null; // it is told next if there is one
				this.you = event.you;
				this.webinar = event.webinar;
				this.stage = event.stage;
				this.promotion = event.promotion;
				this.hands = event.hands ?? [];
				this.watching = event.watching ?? null;
				this.scene = event.scene ?? null;
				this.audience = event.audience ?? null;
				if (this.#clock.offsetMs === undefined) this.clockOffsetMs = event.at - Date.now();
				break;
			case "webinar":
				this.webinar = event.webinar;
				break;
			case "stage":
				this.stage = event.stage;
				break;
			case "hands":
				this.hands = event.hands;
				break;
			case "scene":
				this.scene = event.scene;
				break;
			case "outputs":
				this.outputs = event.outputs;
				break;
			case "watching":
				this.watching = event.watching;
				break;
			case "audience":
				this.audience = event.audience;
				break;
			case "promotion":
				this.promotion = event.promotion;
				break;
			case "archive":
				this.archiveFailure = event.state === "failing" ? (event.reason ?? "") : null;
				break;
			case "programme":
				this.programme = event;
				break;
			case "slots": {
				const others = Object.entries(this.slots).filter(([session]) => session !== event.session);
				const occupants = event.people.map((personId, slot) => {
					const source = event.sources[slot];
					return personId !== null && source ? { personId, source } : null;
				});
				this.slots = Object.fromEntries([...others.slice(1 - SESSIONS), [event.session, occupants]]);
				break;
			}
			case "figures":
				this.figures = Object.fromEntries(event.people.map((person) => [person.personId, person]));
				clearTimeout(this.#figuresAge);
				this.#figuresAge = setTimeout(() => {
					this.figures = {};
				}, FIGURES_AGE_MS);
				break;
			case "session-ended":
				for (const listener of this.#endingListeners) listener(event.session, event.reason);
				break;
			case "pong":
				this.#pong(event.id, event.at);
				break;
			default:
				event satisfies never;
		}
	}

	#pingRound(): void {
		for (let i = 0; i < PINGS_A_ROUND; i++) this.#timers.push(setTimeout(() => this.#ping(), i * PING_GAP_MS));
		const startedAtMs = Date.now();
		this.#timers.push(setTimeout(() => this.#checkSilence(startedAtMs), SILENCE_MS));
	}

	#ping(): void {
		const id = this.#nextPing++;
		this.#pings.set(id, Date.now());
		this.#send({ type: "ping", id });
	}

	#pong(id: number, serverMs: number): void {
		const sentMs = this.#pings.get(id);
		if (sentMs === undefined) return;
		this.#pings.delete(id);
		this.#clock.add({ sentMs, receivedMs: Date.now(), serverMs });
		this.clockOffsetMs = this.#clock.offsetMs ?? this.clockOffsetMs;
	}

	#checkSilence(sinceMs: number): void {
		if (this.#lastHeardMs <= sinceMs) {
			void this.#gone(true);
			return;
		}
		this.#pings.clear();
		this.#timers = [setTimeout(() => this.#pingRound(), PING_EVERY_MS - SILENCE_MS)];
	}

	#send(message: ClientMessage): boolean {
		if (this.#socket?.readyState !== WebSocket.OPEN) return false;
		this.#socket.send(JSON.stringify(message));
		return true;
	}
}

/** Undefined for what this version does not know: a newer server may say more. */
function parseEvent(data: unknown): ServerEvent | undefined {
	if (typeof data !== "string") return undefined;
	try {
		return serverEventSchema.safeParse(JSON.parse(data)).data;
	} catch {
		return undefined;
	}
}

/** Anything else, such as a plain "not found" because no WebSocket was asked for, can be another matter next time. */
function isRefusal({ status, code }: ApiProblem): boolean {
	return status === 401 || status === 403 || code === "webinar-unknown";
}

async function askWhy(url: string): Promise<ApiProblem | undefined> {
	try {
		const response = await fetch(url, { signal: AbortSignal.timeout(5_000), cache: "no-store" });
		return response.ok ? undefined : await problemOfAnswer(response);
	} catch {
		return undefined;
	}
}
