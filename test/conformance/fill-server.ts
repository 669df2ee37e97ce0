import type { ConformanceTarget } from "./conformance-target.ts";
import { rawAudio, rawOffer, rawVideo, writeOffer } from "./raw-offer.ts";

/** More than any worker takes. */
const MAX_SESSIONS = 1000;
const AT_ONCE = 20;

/**
 * Opens sessions that never connect until the server takes no more of this webinar. They end by themselves.
 * @param newViewer token of one more person, for a person has but one session
 */
export async function fillServer({ whip, whep, whipToken }: ConformanceTarget, newViewer: () => Promise<string>) {
	const receive = { direction: "recvonly", msid: undefined } as const;
	// Two slots, as a stage has: such a session needs no source.
	const media = [
		rawAudio(receive),
		rawVideo(receive),
		rawAudio({ ...receive, mid: "2" }),
		rawVideo({ ...receive, mid: "3" }),
	];
	async function open(): Promise<number> {
		const token = await newViewer();
		const response = await fetch(whep, {
			method: "POST",
			headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
			body: writeOffer(rawOffer({ media })),
		});
		await response.arrayBuffer();
		return response.status;
	}
	for (let asked = 0; asked < MAX_SESSIONS; asked += AT_ONCE) {
		const statuses = await Promise.all(Array.from({ length: AT_ONCE }, open));
		// It limits how many requests come from one address; it says so in whole seconds.
		if (statuses.includes(429)) await new Promise((resolve) => setTimeout(resolve, 1000));
		if (statuses.includes(503)) break;
	}
	return { whip, token: whipToken };
}
