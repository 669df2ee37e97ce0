import * as z from "zod";
import {
	type CreateInvitation,
	type CreateWebinar,
	type Invitation,
	invitationSchema,
	type PatchWebinar,
	type PlaybackAddress,
	playbackAddressSchema,
	type Webinar,
	type WebinarList,
	webinarListSchema,
	webinarSchema,
} from "../../../core/protocol/webinar.ts";
import { ApiProblem, problemOfAnswer, problemOfFailure } from "./api-problem.ts";
import { programmeApi } from "./programme-api.ts";

export { ApiProblem };

const ANSWER_WITHIN_MS = 15_000;

interface ApiOptions {
	/** Default: the page's own origin. */
	baseUrl?: string;
	/** Asked anew for each call. */
	token?: () => string | undefined;
	/** Default: the browser's. */
	fetch?: typeof globalThis.fetch;
}

/** The REST addresses of a Rostrum server. Every call throws `ApiProblem`. */
export function createApi({ baseUrl = "", token = () => undefined, fetch = globalThis.fetch }: ApiOptions = {}) {
	async function request(method: string, path: string, body?: unknown): Promise<Response> {
		const headers: Record<string, string> = { accept: "application/json" };
		const bearer = token();
		if (bearer) headers["authorization"] = `Bearer ${bearer}`;
		const init: RequestInit = { method, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
		if (body !== undefined) {
			headers["content-type"] = body instanceof Blob ? body.type : "application/json";
			init.body = body instanceof Blob ? body : JSON.stringify(body);
		}
		const response = await fetch(`${baseUrl}/api/webinars${path}`, init).catch((error: unknown) => {
			throw problemOfFailure(error);
		});
		if (!response.ok) throw await problemOfAnswer(response);
		return response;
	}
	async function call<T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown): Promise<T> {
		const response = await request(method, path, body);
		const content = response.status === 204 ? undefined : await response.json().catch(() => undefined);
		const parsed = answer.safeParse(content);
		if (parsed.success) return parsed.data;
		const detail = "The server answered in a way this page does not understand.";
		throw new ApiProblem("unexpected-answer", response.status, detail, { cause: parsed.error });
	}
	const of = (webinarId: string) => `/${encodeURIComponent(webinarId)}`;
	const onStage = (webinarId: string, personId: string) => `${of(webinarId)}/stage/${encodeURIComponent(personId)}`;
	/** The answer's body, if there is one, says nothing that the events do not say. */
	const nothing = z.unknown().transform(() => undefined);

	return {
		/** Admin. */
		createWebinar: (webinar: CreateWebinar): Promise<Webinar> => call("POST", "", webinarSchema, webinar),
		/** Admin. `next`: the `next` of the page before. */
		listWebinars: (next?: string): Promise<WebinarList> =>
			call("GET", next === undefined ? "" : `?next=${encodeURIComponent(next)}`, webinarListSchema),
		/** Anyone. */
		getWebinar: (webinarId: string): Promise<Webinar> => call("GET", of(webinarId), webinarSchema),
		/** Anyone; of a private webinar who was invited. */
		playbackAddress: (webinarId: string): Promise<PlaybackAddress> =>
			call("GET", `${of(webinarId)}/playback-address`, playbackAddressSchema),
		/** Host. */
		patchWebinar: (webinarId: string, patch: PatchWebinar): Promise<Webinar> =>
			call("PATCH", of(webinarId), webinarSchema, patch),
		/** Host. */
		startWebinar: (webinarId: string): Promise<Webinar> => call("POST", `${of(webinarId)}/start`, webinarSchema),
		/** Host. */
		endWebinar: (webinarId: string): Promise<Webinar> => call("POST", `${of(webinarId)}/end`, webinarSchema),
		/** Admin. */
		deleteWebinar: (webinarId: string): Promise<void> => call("DELETE", of(webinarId), nothing),
		/** Host: a signed link for one person. */
		invite: (webinarId: string, invitation: CreateInvitation): Promise<Invitation> =>
			call("POST", `${of(webinarId)}/invitations`, invitationSchema, invitation),
		/** Anyone: a seat in the audience, whose token opens the events. */
		joinAudience: (webinarId: string, name: string): Promise<Invitation> =>
			call("POST", `${of(webinarId)}/audience`, invitationSchema, { name }),
		/** Host: offers the stage to someone who raised a hand. */
		acceptHand: (webinarId: string, personId: string): Promise<void> =>
			call("POST", onStage(webinarId, personId), nothing),
		/** Host: into the programme, or backstage. */
		setOnAir: (webinarId: string, personId: string, onAir: boolean): Promise<void> =>
			call("PATCH", onStage(webinarId, personId), nothing, { onAir }),
		/** Host: ends someone's visit, or takes an offer back. */
		removeFromStage: (webinarId: string, personId: string): Promise<void> =>
			call("DELETE", onStage(webinarId, personId), nothing),
		...programmeApi({ request, call }),
	};
}
