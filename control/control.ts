import type { FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import type { Person } from "../core/protocol/webinar.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { createTokens } from "../core/runtime/tokens.ts";
import { createAccess } from "./access.ts";
import { createApi } from "./api/api.ts";
import { Audiences } from "./audience/audiences.ts";
import { EventFeed } from "./events/event-feed.ts";
import { createInvitations } from "./invitations.ts";
import { createPeople } from "./people.ts";
import { Playback } from "./playback.ts";
import { Brands } from "./programme/brands.ts";
import { Outputs } from "./programme/outputs.ts";
import { ProgrammeLog } from "./programme-log.ts";
import { createSceneSettings } from "./stage/scene-settings.ts";
import { Stages } from "./stage/stages.ts";
import { openStore } from "./store/store.ts";
import { Webinars } from "./webinars.ts";

export interface ControlOptions {
	/** An existing directory; the database is kept in it. */
	dataDir: string;
	/** Where people reach this server, no slash at the end. Asked for when a link is made. */
	publicUrl: () => string;
	adminToken: string;
	/** At least 32 bytes. */
	tokenSecret: Uint8Array;
	/** Whether viewers' players report how the programme plays. */
	playbackFigures: boolean;
}

export interface Control {
	/** Registers `/api/…`. The app needs the zod compilers, `answerWithProblems` and `@fastify/websocket`. */
	plugin: FastifyPluginAsync;
	/**
	 * Who may use WebRTC in this webinar. Publishing and subscribing both need a host, a presenter, or a promoted attendee.
	 * @throws AppError token-missing, token-invalid, token-expired, forbidden, webinar-unknown, webinar-ended
	 */
	admit(token: string | undefined, webinarId: string, action: "publish" | "subscribe"): Promise<Person>;
	/** Ends every WebSocket first, which an app that is closed would wait for. */
	close(): Promise<void>;
}

/** The webinars, their people and stages, and the desired state of their programmes. */
export async function createControl(
	{ dataDir, publicUrl, adminToken, tokenSecret, playbackFigures }: ControlOptions,
	{ log: rootLog, clock, bus, metrics }: { log: Logger; clock: Clock; bus: Bus; metrics: Registry },
): Promise<Control> {
	const log = rootLog.child({ component: "control" });
	const store = await openStore({ dataDir });
	const webinars = new Webinars({ publicUrl }, { store, clock });
	const people = createPeople({ store, clock });
	const tokens = createTokens(tokenSecret, clock);
	const invitations = createInvitations({ publicUrl }, { people, tokens, clock });
	const passes = createPlaybackPasses(tokenSecret, clock);
	const playback = new Playback({ publicUrl }, { webinars, passes, bus });
	const sceneSettings = createSceneSettings({ store });
	const brands = new Brands({ store, bus });
	const outputs = new Outputs({ store, clock, bus, log });
	const stages = new Stages({ webinars, people, sceneSettings, brands, outputs, clock, bus, log });
	const audiences = playbackFigures ? new Audiences({ webinars, clock, metrics }) : undefined;
	const events = new EventFeed({ webinars, stages, outputs, audiences, clock, bus, log });
	const programmeLog = new ProgrammeLog({ store, bus, log });
	const access = createAccess({ adminToken }, { tokens, webinars, people, stages });
	await playback.resume();
	await stages.resume();

	const api = createApi({
		access,
		webinars,
		people,
		playback,
		invitations,
		stages,
		programmeLog,
		brands,
		outputs,
		events,
		audiences,
		clock,
	});
	return {
		plugin: async (app) => {
			await app.register(api, { prefix: "/api" });
		},
		admit: access.admit,
		async close() {
			await events.close();
			audiences?.close();
			await stages.close();
			await programmeLog.close();
			outputs.close();
			playback.close();
			await store.destroy();
		},
	};
}
