import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type * as z from "zod";
import {
	type CreateWebinar,
	type Invitation,
	invitationSchema,
	type Webinar,
	webinarListSchema,
	webinarSchema,
} from "../../core/protocol/webinar.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { demoPeople } from "./cast.ts";
import type { FromPresenters, ToPresenters } from "./presenter-messages.ts";

const TITLE = "Rostrum demo";
const REQUEST_DEADLINE_MS = 10_000;
const END_DEADLINE_MS = 3000;

export interface Demo {
	webinar: Webinar;
	/** Opens the host's page; its fragment holds a token. */
	hostUrl: string;
	watchUrl: string;
	/** Ends the presenters and their process, and the webinar. */
	close(): Promise<void>;
}

export interface DemoOptions {
	/** Where the server listens, no slash at the end. */
	baseUrl: string;
	adminToken: string;
}

/**
 * A live webinar with two synthetic presenters, who publish by WHIP from a process of their own. Resolves when they have
 * been sent on their way; that they are on air is logged. One that was left live by a crash is taken over.
 * @throws Error when the server refuses
 */
export async function startDemo({ baseUrl, adminToken }: DemoOptions, { log }: { log: Logger }): Promise<Demo> {
	const api = createApi(`${baseUrl}/api/webinars`, adminToken);
	const left = (await api.list()).find(({ title, state }) => title === TITLE && state === "live");
	const { id } = left ?? (await api.create({ title: TITLE }));
	const webinar = left ?? (await api.move(id, "start"));
	const host = await api.invite(id, "host", "Demo host");
	const tokens: string[] = [];
	for (const { name } of demoPeople) tokens.push((await api.invite(id, "presenter", name)).token);

	const child = fork(fileURLToPath(new URL("demo-presenters.ts", import.meta.url)), {
		stdio: ["ignore", "ignore", "inherit", "ipc"],
	});
	const exited = once(child, "exit");
	let closing: Promise<void> | undefined;
	child.on("message", (message: FromPresenters) => logPresenter(message, log));
	child.on("error", (err) => log.error({ err }, "the demo's presenters could not be started"));
	child.on("exit", (code, signal) => {
		if (!closing) log.error({ code, signal }, "the demo's presenters have died");
	});
	send(child, { type: "start", endpoint: `${baseUrl}/whip/${id}`, tokens });

	async function close(): Promise<void> {
		await endChild(child, exited);
		await api.move(id, "end").catch((err: unknown) => log.warn({ err }, "the demo could not be ended"));
	}
	return {
		webinar,
		hostUrl: host.url,
		watchUrl: webinar.links.watch,
		close: () => (closing ??= close()),
	};
}

function logPresenter(message: FromPresenters, log: Logger): void {
	if (message.type === "on-air") log.info({ name: message.name }, "demo presenter is on air");
	else
		log.warn({ name: message.name, reason: message.reason, willRetry: message.willRetry }, "demo presenter is off air");
}

function send(child: ChildProcess, message: ToPresenters): void {
	if (child.connected) child.send(message);
}

async function endChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	send(child, { type: "end" });
	const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS);
	await exited;
	clearTimeout(timer);
}

function createApi(webinars: string, adminToken: string) {
	async function call<T>(method: "GET" | "POST", path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
		const answer = await fetch(webinars + path, {
			method,
			headers: {
				authorization: `Bearer ${adminToken}`,
				...(body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
		});
		if (!answer.ok)
			throw new Error(`${method} ${path || "/"} was answered with ${answer.status}: ${await answer.text()}`);
		return schema.parse(await answer.json());
	}
	return {
		list: async (): Promise<Webinar[]> => (await call("GET", "", webinarListSchema)).items,
		create: (webinar: CreateWebinar): Promise<Webinar> => call("POST", "", webinarSchema, webinar),
		move: (id: string, step: "start" | "end"): Promise<Webinar> => call("POST", `/${id}/${step}`, webinarSchema),
		invite: (id: string, role: "host" | "presenter", name: string): Promise<Invitation> =>
			call("POST", `/${id}/invitations`, invitationSchema, { role, name }),
	};
}
