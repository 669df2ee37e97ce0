import { ApiProblem, problemOfAnswer, problemOfFailure } from "../control/api-problem.ts";

/** OBS gives up after 8 s; a person looking at a spinner may wait a little longer. */
const ANSWER_WITHIN_MS = 10_000;

export interface SdpSession {
	answer: string;
	/** Address of the session: `DELETE` ends it. Knowing it is the right to do so. */
	sessionUrl: string;
	/** Names the present state of its ICE. */
	etag: string | null;
}

interface SdpExchange {
	/** WHIP or WHEP endpoint. */
	url: string;
	token: string;
	offer: string;
	signal: AbortSignal;
}

/** Offer and answer of WHIP (RFC 9725, section 4.2) and WHEP, which are the same. @throws ApiProblem */
export async function exchangeSdp({ url, token, offer, signal }: SdpExchange): Promise<SdpSession> {
	const response = await fetch(url, {
		method: "POST",
		headers: { "content-type": "application/sdp", accept: "application/sdp", authorization: `Bearer ${token}` },
		body: offer,
		signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
	}).catch((error: unknown) => {
		throw problemOfFailure(error);
	});
	if (response.status !== 201) throw await problemOfAnswer(response);
	const location = response.headers.get("location");
	if (!location) throw new ApiProblem("unexpected-answer", 201, "The server did not say where the session is.");
	return {
		answer: await response.text(),
		sessionUrl: new URL(location, response.url || url).href,
		etag: response.headers.get("etag"),
	};
}

interface IceRestart {
	session: { sessionUrl: string; etag: string | null };
	token: string;
	/** As `restartFragment` makes it. */
	fragment: string;
	signal: AbortSignal;
}

/** Gives a session new ICE credentials and returns the server's (RFC 9725, section 4.3.3). @throws ApiProblem */
export async function exchangeRestart({ session, token, fragment, signal }: IceRestart) {
	const response = await fetch(session.sessionUrl, {
		method: "PATCH",
		headers: {
			"content-type": "application/trickle-ice-sdpfrag",
			authorization: `Bearer ${token}`,
			"if-match": session.etag ?? "*",
		},
		body: fragment,
		signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
	}).catch((error: unknown) => {
		throw problemOfFailure(error);
	});
	if (response.status !== 200) throw await problemOfAnswer(response);
	return { fragment: await response.text(), etag: response.headers.get("etag") };
}

/** Ends a session as well as it can, also while the page is being closed. Whether it worked does not matter: the server also ends what falls silent. */
export function endSession(sessionUrl: string, token: string): void {
	const headers = { authorization: `Bearer ${token}` };
	fetch(sessionUrl, { method: "DELETE", keepalive: true, headers }).catch(() => undefined);
}
