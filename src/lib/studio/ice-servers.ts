/** An RTCIceServer. */
export interface IceServer {
	urls: string;
	username?: string;
	credential?: string;
}

/** TURN servers for those whose network lets no UDP through, from the `Link` headers of WHIP and WHEP (RFC 9725 section 4.6). */
export function iceServersOf(link: string | null): IceServer[] {
	return [...(link ?? "").matchAll(/<([^>]+)>\s*((?:;\s*[\w-]+="(?:[^"\\]|\\.)*"\s*)*)/g)].flatMap(
		([, urls = "", attributes = ""]) => {
			const given = Object.fromEntries(
				[...attributes.matchAll(/;\s*([\w-]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [
					name.toLowerCase(),
					value.replace(/\\(.)/g, "$1"),
				]),
			);
			const { rel, username, credential } = given;
			if (rel !== "ice-server") return [];
			return [username === undefined ? { urls } : { urls, username, credential: credential ?? "" }];
		},
	);
}

/** Asks an endpoint for them. None when it does not answer soon: most get through without. */
export async function askForIceServers(url: string, token: string, signal: AbortSignal): Promise<IceServer[]> {
	try {
		const response = await fetch(url, {
			method: "OPTIONS",
			headers: { authorization: `Bearer ${token}` },
			signal: AbortSignal.any([signal, AbortSignal.timeout(ASKED_WITHIN_MS)]),
		});
		return iceServersOf(response.headers.get("link"));
	} catch {
		return [];
	}
}

const ASKED_WITHIN_MS = 2_000;
