import { ApiProblem, problemOfAnswer, problemOfFailure } from "../control/api-problem.ts";

/** OBS gives up after 8 s; a person looking at a spinner may wait a little longer. */
const ANSWER_WITHIN_MS = 10_000;

export interface SdpSession {
	answer: string;
	/** Address of the session: `DELETE` ends it. Knowing it is the right to do so. */
	sessionUrl: string;
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
	return { answer: await response.text(), sessionUrl: new URL(location, response.url || url).href };
}

/** Ends a session as well as it can, also while the page is being closed. Whether it worked does not matter: the server also ends what falls silent. */
export function endSession(sessionUrl: string, token: string): void {
	const headers = { authorization: `Bearer ${token}` };
	fetch(sessionUrl, { method: "DELETE", keepalive: true, headers }).catch(() => undefined);
}
