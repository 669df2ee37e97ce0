import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { Registry } from "prom-client";
import type { EventTopics, RetainedTopics } from "../core/protocol/bus-topics.ts";
import type { ServerEvent } from "../core/protocol/events.ts";
import type { Output } from "../core/protocol/outputs.ts";
import type { Invitation, Role, Webinar } from "../core/protocol/webinar.ts";
import { type Bus, createMemoryBus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { createLog } from "../core/runtime/log.ts";
import { answerFrameworkErrors, answerWithProblems } from "../core/runtime/problem-answers.ts";
import { createTokens, type Tokens } from "../core/runtime/tokens.ts";
import { type Control, createControl } from "./control.ts";

export const ADMIN_TOKEN = "the-admin-token-of-the-tests";
export const TOKEN_SECRET = new Uint8Array(32).fill(7);
/** As the server has it. */
export const MAX_MESSAGE_BYTES = 16 * 1024;
const PATIENCE_MS = 20_000;

/** A clock that runs like the machine's, and can be put forward. */
export class TestClock implements Clock {
	#aheadMs = 0;
	now(): number {
		return Date.now() + this.#aheadMs;
	}
	advance(ms: number): void {
		this.#aheadMs += ms;
	}
}

export interface Answer {
	status: number;
	type: string | null;
	// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
	body: any;
}

interface StartOptions {
	/** Of a server that was closed before, to go on from there. */
	dataDir?: string;
	playbackFigures?: boolean;
}

/** Control on a listening server, with what it says on the bus written down. */
export class ControlBench {
	readonly dataDir: string;
	readonly clock = new TestClock();
	readonly bus: Bus;
	readonly tokens: Tokens;
	readonly removed: EventTopics["person-removed"][] = [];
	readonly closed: EventTopics["webinar-closed"][] = [];
	readonly programmes: (RetainedTopics["programme"] | null)[] = [];
	readonly metrics: Registry;
	readonly logLines: string[] = [];
	readonly control: Control;
	readonly app: FastifyInstance;
	readonly url: string;

	private constructor(parts: {
		dataDir: string;
		clock: TestClock;
		bus: Bus;
		control: Control;
		app: FastifyInstance;
		url: string;
		metrics: Registry;
		logLines: string[];
	}) {
		this.dataDir = parts.dataDir;
		this.clock = parts.clock;
		this.bus = parts.bus;
		this.control = parts.control;
		this.app = parts.app;
		this.url = parts.url;
		this.metrics = parts.metrics;
		this.logLines = parts.logLines;
		this.tokens = createTokens(TOKEN_SECRET, this.clock);
		this.bus.subscribe("person-removed", (event) => this.removed.push(event));
		this.bus.subscribe("webinar-closed", (event) => this.closed.push(event));
		this.bus.watch("programme", (_key, value) => this.programmes.push(value));
	}

	static async start({ dataDir, playbackFigures = true }: StartOptions = {}): Promise<ControlBench> {
		const directory = dataDir ?? (await mkdtemp(join(tmpdir(), "rostrum-control-")));
		const clock = new TestClock();
		const logLines: string[] = [];
		const log = createLog({ level: "debug", pretty: false, stream: { write: (line) => void logLines.push(line) } });
		const bus = createMemoryBus({
			onError: (error) => {
				throw error;
			},
		});
		const metrics = new Registry();
		let url = "";
		const control = await createControl(
			{ dataDir: directory, publicUrl: () => url, adminToken: ADMIN_TOKEN, tokenSecret: TOKEN_SECRET, playbackFigures },
			{ log, clock, bus, metrics },
		);
		const app = fastify({ frameworkErrors: answerFrameworkErrors(log) });
		app.setValidatorCompiler(validatorCompiler);
		app.setSerializerCompiler(serializerCompiler);
		answerWithProblems(app, log);
		await app.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES } });
		await app.register(control.plugin);
		app.get("/elsewhere", async () => "served");
		url = await app.listen({ port: 0, host: "127.0.0.1" });
		return new ControlBench({ dataDir: directory, clock, bus, control, app, url, metrics, logLines });
	}

	async close({ keepData = false } = {}): Promise<void> {
		await this.control.close();
		await this.app.close();
		if (!keepData) await rm(this.dataDir, { recursive: true });
	}

	/** `body`: an object is sent as JSON, a string as it is. */
	async request(
		method: string,
		path: string,
		{ token, body, type }: { token?: string; body?: unknown; type?: string } = {},
	): Promise<Answer> {
		const headers: Record<string, string> = {};
		if (token !== undefined) headers.authorization = `Bearer ${token}`;
		if (body !== undefined) headers["content-type"] = type ?? "application/json";
		const init: RequestInit = { method, headers };
		if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
		const response = await fetch(`${this.url}${path}`, init);
		const text = await response.text();
		const contentType = response.headers.get("content-type");
		return {
			status: response.status,
			type: contentType,
			body: contentType?.includes("json") ? JSON.parse(text) : text,
		};
	}

	async createWebinar(title = "A webinar"): Promise<Webinar> {
		const { body } = await this.request("POST", "/api/webinars", { token: ADMIN_TOKEN, body: { title } });
		return body;
	}

	async liveWebinar(title = "A webinar"): Promise<Webinar> {
		const { id } = await this.createWebinar(title);
		const { body } = await this.request("POST", `/api/webinars/${id}/start`, { token: ADMIN_TOKEN });
		return body;
	}

	async invite(webinarId: string, role: Role, name: string = role, title?: string): Promise<Invitation> {
		const path = `/api/webinars/${webinarId}/invitations`;
		const { body } = await this.request("POST", path, { token: ADMIN_TOKEN, body: { role, name, title } });
		return body;
	}

	/** Connects, and waits for the welcome, and what hosts are told with it. */
	async connect(webinarId: string, token: string): Promise<EventsClient> {
		const client = new EventsClient(
			`${this.url.replace("http", "ws")}/api/webinars/${webinarId}/events?token=${token}`,
		);
		client.welcome = await client.next("welcome");
		if (client.welcome.you.role === "host") client.outputs = (await client.pick("outputs")).outputs;
		return client;
	}
}

type EventOf<T extends ServerEvent["type"]> = Extract<ServerEvent, { type: T }>;

/** Node's own WebSocket, with what it was told kept until it is asked for. */
export class EventsClient {
	readonly socket: WebSocket;
	/** Resolves with the close code. */
	readonly closed: Promise<number>;
	/** Set by `ControlBench.connect`. */
	welcome!: EventOf<"welcome">;
	/** As a host was told on connecting. */
	outputs: Output[] = [];
	readonly #events: ServerEvent[] = [];
	readonly #waiters = new Set<() => void>();

	constructor(url: string) {
		this.socket = new WebSocket(url);
		this.socket.addEventListener("message", ({ data }) => {
			this.#events.push(JSON.parse(data));
			for (const waiter of this.#waiters) waiter();
		});
		this.closed = new Promise((resolve) => {
			this.socket.addEventListener("close", ({ code }) => resolve(code));
		});
	}

	say(message: unknown): void {
		this.socket.send(JSON.stringify(message));
	}

	/** The next event of that type that fits; takes it and those of any type before it. */
	async next<T extends ServerEvent["type"]>(
		type: T,
		fits: (event: EventOf<T>) => boolean = () => true,
	): Promise<EventOf<T>> {
		const isIt = (event: ServerEvent): event is EventOf<T> => event.type === type && fits(event as EventOf<T>);
		await this.#until(() => this.#events.some(isIt), `a ${type} event`);
		const index = this.#events.findIndex(isIt);
		return this.#events.splice(0, index + 1).at(-1) as EventOf<T>;
	}

	/** The next event of that type; takes it, and leaves those before it. */
	async pick<T extends ServerEvent["type"]>(type: T): Promise<EventOf<T>> {
		const isIt = (event: ServerEvent) => event.type === type;
		await this.#until(() => this.#events.some(isIt), `a ${type} event`);
		return this.#events.splice(this.#events.findIndex(isIt), 1)[0] as EventOf<T>;
	}

	/** What came until now and was not taken. A ping goes there and back first, so that nothing is on its way. */
	async rest(): Promise<ServerEvent[]> {
		const id = Math.random();
		this.say({ type: "ping", id });
		const isPong = (event: ServerEvent) => event.type === "pong" && event.id === id;
		await this.#until(() => this.#events.some(isPong), "a pong");
		return this.#events.splice(0).filter((event) => !isPong(event));
	}

	close(): void {
		this.socket.close();
	}

	#until(isMet: () => boolean, what: string): Promise<void> {
		return new Promise((resolve, reject) => {
			const check = () => {
				if (!isMet()) return;
				clearTimeout(deadline);
				this.#waiters.delete(check);
				resolve();
			};
			const deadline = setTimeout(() => {
				this.#waiters.delete(check);
				reject(new Error(`${what} did not come; instead: ${JSON.stringify(this.#events)}`));
			}, PATIENCE_MS);
			this.#waiters.add(check);
			check();
		});
	}
}
