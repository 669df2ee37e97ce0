import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { expect } from "vitest";
import { ORIGIN, WEBINAR } from "./fake-sessions.ts";
import { publishOffer } from "./offers.ts";

export const whip = `/whip/${WEBINAR}`;
export const whep = `/whep/${WEBINAR}`;
export const bearer = { authorization: "Bearer presenter" };
export const fragmentType = { "content-type": "application/trickle-ice-sdpfrag" };
/** Of `publishOffer`. */
export const sameIce = ["EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"] as const;

type Method = "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Requests to what `app` gives at the time. */
export function createRequests(app: () => FastifyInstance) {
	function send(method: Method, url: string, headers: Record<string, string> = {}, payload?: string) {
		return app().inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
	}
	return {
		send,
		post: (url: string, offer = publishOffer, headers: Record<string, string> = {}) =>
			send("POST", url, { ...bearer, "content-type": "application/sdp", ...headers }, offer),
	};
}

/** Where a session that was made is. */
export const pathOf = (made: LightMyRequestResponse): string => String(made.headers.location).slice(ORIGIN.length);

export function expectProblem(response: LightMyRequestResponse, status: number, code: string): void {
	expect(response.json()).toMatchObject({ status, code });
	expect(response.statusCode).toBe(status);
	expect(response.headers["content-type"]).toMatch(/^application\/problem\+json/);
	expect(response.headers["access-control-allow-origin"]).toBe("*");
}

/** A fragment for PATCH. */
export function trickle(
	ufrag: string,
	password: string,
	candidate = "1 1 udp 2122260223 192.0.2.9 61764 typ host",
): string {
	const lines = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, `a=candidate:${candidate}`, "a=end-of-candidates"];
	return ["a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", ...lines, ""].join("\r\n");
}
