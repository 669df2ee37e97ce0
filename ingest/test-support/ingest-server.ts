import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { Registry } from "prom-client";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { Role } from "../../core/protocol/webinar.ts";
import { createMemoryBus } from "../../core/runtime/bus.ts";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import { createLog, type Logger } from "../../core/runtime/log.ts";
import { answerWithProblems } from "../../core/runtime/problem-answers.ts";
import { createTokens } from "../../core/runtime/tokens.ts";
import type { TurnOptions } from "../ice-servers.ts";
import { createIngest } from "../ingest.ts";

export const WEBINAR = "abcdefghijkl";
const topics = ["publisher-present", "publisher-gone", "session-ended", "slots"] as const;

/** Ingest over real HTTP, with tokens like control's and one webinar. */
export async function startIngest({
	clock = systemClock,
	strict = false,
	turn,
	log = createLog({ level: process.env["LOG_LEVEL"] ?? "silent", pretty: false }),
}: {
	clock?: Clock;
	strict?: boolean;
	turn?: TurnOptions;
	log?: Logger;
} = {}) {
	const directory = await mkdtemp(join(tmpdir(), "ingest-"));
	const feedPath = join(directory, "feed.sock");
	const failures: unknown[] = [];
	const bus = createMemoryBus({ onError: (error) => failures.push(error) });
	const tokens = createTokens(new Uint8Array(32).fill(7), clock);
	const metrics = new Registry();
	const events: { topic: string; event: EventTopics[keyof EventTopics] }[] = [];
	for (const topic of topics) bus.subscribe(topic, (event) => events.push({ topic, event }));

	const app = fastify({ bodyLimit: 64 * 1024 });
	answerWithProblems(app, log);
	let origin = "";
	const ingest = await createIngest(
		{ mediaPort: 0, feedPath, publicUrl: () => origin, publicAddresses: [], strict, turn },
		{
			log,
			clock,
			bus,
			metrics,
			async admit(token, webinarId, action) {
				const grant = await tokens.verify(token);
				if (webinarId !== WEBINAR) throw new AppError("webinar-unknown");
				if (grant.webinarId !== webinarId || (grant.role === "attendee" && action)) throw new AppError("forbidden");
				return grant;
			},
		},
	);
	await app.register(ingest.plugin);
	await app.listen({ port: 0, host: "127.0.0.1" });
	origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

	return {
		origin,
		mediaPort: ingest.mediaPort,
		whip: `${origin}/whip/${WEBINAR}`,
		whep: `${origin}/whep/${WEBINAR}`,
		feedPath,
		bus,
		metrics,
		events,
		failures,
		/** `name`: one letter, from which the person's id is made. */
		token: (
			name: string,
			{ role = "presenter", expiresAt = Date.now() + 60_000 }: { role?: Role; expiresAt?: number } = {},
		) => tokens.sign({ personId: personId(name), webinarId: WEBINAR, name, title: "", role, expiresAt }),
		async close() {
			await ingest.close();
			app.server.closeAllConnections();
			await app.close();
			await rm(directory, { recursive: true, force: true });
		},
	};
}

export const personId = (name: string): string => `p-${name.repeat(12)}`;
