import { type ProgrammeChange, programmeLogSchema } from "../../core/protocol/programme-log.ts";
import {
	type Invitation,
	invitationSchema,
	type PlaybackAddress,
	playbackAddressSchema,
	type Role,
	type Webinar,
	type WebinarAccess,
	webinarSchema,
} from "../../core/protocol/webinar.ts";

/** The REST API as a test needs it: what is not answered with 2xx throws. */
export class RostrumApi {
	readonly #baseUrl: string;
	readonly #token: string;

	constructor(baseUrl: string, token: string) {
		this.#baseUrl = baseUrl;
		this.#token = token;
	}

	async createWebinar(title: string, access: WebinarAccess = "public"): Promise<Webinar> {
		return webinarSchema.parse(await this.#call("POST", "", { title, access }));
	}

	async setAccess(webinarId: string, access: WebinarAccess): Promise<Webinar> {
		return webinarSchema.parse(await this.#call("PATCH", `/${webinarId}`, { access }));
	}

	async read(webinarId: string): Promise<Webinar> {
		return webinarSchema.parse(await this.#call("GET", `/${webinarId}`));
	}

	async start(webinarId: string): Promise<Webinar> {
		return webinarSchema.parse(await this.#call("POST", `/${webinarId}/start`));
	}

	async end(webinarId: string): Promise<Webinar> {
		return webinarSchema.parse(await this.#call("POST", `/${webinarId}/end`));
	}

	async invite(webinarId: string, role: Role, name: string): Promise<Invitation> {
		return invitationSchema.parse(await this.#call("POST", `/${webinarId}/invitations`, { role, name }));
	}

	async playbackAddress(webinarId: string): Promise<PlaybackAddress> {
		return playbackAddressSchema.parse(await this.#call("GET", `/${webinarId}/playback-address`));
	}

	/** Its first page. */
	async programmeLog(webinarId: string): Promise<ProgrammeChange[]> {
		return programmeLogSchema.parse(await this.#call("GET", `/${webinarId}/programme-log`)).items;
	}

	async #call(method: string, path: string, body?: unknown): Promise<unknown> {
		const answer = await fetch(`${this.#baseUrl}/api/webinars${path}`, {
			method,
			headers: {
				authorization: `Bearer ${this.#token}`,
				...(body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
		return text ? JSON.parse(text) : undefined;
	}
}
