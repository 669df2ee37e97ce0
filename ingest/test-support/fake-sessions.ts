import fastify, { type FastifyInstance } from "fastify";
import { AppError } from "../../core/runtime/errors.ts";
import { createLog } from "../../core/runtime/log.ts";
import { answerWithProblems } from "../../core/runtime/problem-answers.ts";
import { composeAnswer } from "../sdp/answer.ts";
import { parseOffer } from "../sdp/session-description.ts";
import {
	type HttpSession,
	type OpenRequest,
	registerSessionRoutes,
	type SessionRoutesOptions,
} from "../session-routes.ts";
import { type LayerSelection, Playback } from "../whep/playback.ts";
import { negotiateSubscribe } from "../whep/subscribe.ts";
import { negotiatePublish } from "../whip/publish.ts";

export const WEBINAR = "abcdefghijkl";
export const ORIGIN = "https://webinars.example";

interface FakeSession extends HttpSession {
	request: OpenRequest<string>;
	closedFor?: string;
	selections: LayerSelection[];
}

/**
 * WHIP and WHEP over sessions without media. Tokens: `presenter`, `other` (another presenter) and `attendee`; a session's
 * name is its number.
 */
export function serveFakeSessions(options: Partial<SessionRoutesOptions> = {}) {
	const sessions = new Map<string, FakeSession>();
	const next: { openError?: AppError; restartError?: AppError } = {};
	const clock = { nowMs: 1_800_000_000_000, now: () => clock.nowMs };
	const all: SessionRoutesOptions = {
		publicUrl: () => ORIGIN,
		strict: false,
		turn: undefined,
		clock,
		async admit(token, webinarId, action) {
			if (!token) throw new AppError("token-missing");
			if (!["presenter", "other", "attendee"].includes(token)) throw new AppError("token-invalid");
			if (webinarId !== WEBINAR) throw new AppError("webinar-unknown");
			if (token === "attendee" && action) throw new AppError("forbidden");
			return { personId: `p-${token}`, name: token, title: "", role: "presenter" };
		},
		...options,
	};
	const local = (ufrag: string) => ({
		ufrag,
		password: `password-of-${ufrag}`,
		fingerprint: "sha-256 AA:BB",
		setup: "passive" as const,
		hosts: [{ address: "192.0.2.2", port: 8189, protocol: "udp" as const }],
	});

	function protocol(path: "whip" | "whep") {
		return {
			path,
			action: path === "whip" ? ("publish" as const) : ("subscribe" as const),
			sources: ["camera", "screen"],
			maxOffer: 64 * 1024,
			find(webinarId: string, name: string) {
				const found = sessions.get(name);
				return found?.request.webinarId === webinarId && name.startsWith(path) ? found : undefined;
			},
			async open(request: OpenRequest<string>) {
				const offer = parseOffer(request.offer);
				const agreed = path === "whip" ? negotiatePublish(offer) : undefined;
				const taken = path === "whep" ? negotiateSubscribe(offer) : undefined;
				const answered = (agreed ?? taken)?.answered ?? [];
				if (next.openError) throw next.openError;
				const name = `${path}-${sessions.size + 1}`;
				const selections: LayerSelection[] = [];
				const session: FakeSession = {
					session: name,
					personId: request.person.personId,
					etag: `${name}-0`,
					remoteIce: offer.ice,
					async restart(remote) {
						if (next.restartError) throw next.restartError;
						session.remoteIce = remote;
						session.etag = `${name}-after-${remote.ufrag}`;
						return { etag: session.etag, local: local(`new-${remote.ufrag}`) };
					},
					close(reason) {
						session.closedFor = reason;
						session.playback?.close();
						sessions.delete(name);
					},
					request,
					selections,
				};
				if (taken)
					session.playback = new Playback({
						media: taken.media,
						select: (selection) => selections.push(selection),
					});
				sessions.set(name, session);
				return { session, answer: composeAnswer(local("first"), answered, 1) };
			},
		};
	}

	const app: FastifyInstance = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true });
	answerWithProblems(app, createLog({ level: "silent", pretty: false }));
	for (const path of ["whip", "whep"] as const) {
		app.register(async (scope) => registerSessionRoutes(scope, protocol(path), all));
	}
	return { app, sessions, next, clock, close: () => app.close() };
}
