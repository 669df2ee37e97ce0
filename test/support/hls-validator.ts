import { probeDeltas } from "./hls/delta-probes.ts";
import { type Finding, Findings } from "./hls/finding.ts";
import { HttpClient } from "./hls/http-client.ts";
import { probeRendition } from "./hls/http-probes.ts";
import { checkBandwidth, checkMultivariant } from "./hls/multivariant-rules.ts";
import { checkPace, measureRoundTrips, type Pace, watchPace } from "./hls/pace.ts";
import { RenditionFollower } from "./hls/rendition-follower.ts";
import { checkRenditions } from "./hls/update-rules.ts";

export type { Finding };

interface ValidationOptions {
	/** How long the stream is followed, or to its end. */
	seconds: number;
	/** A server that is away for no longer than this breaks no rule by it, if its stream then goes on. */
	toleratedOutageMs?: number;
}

/** What was seen, besides what was wrong. Milliseconds. */
export interface Measured {
	/** Whole segments and their parts that were fetched, of all renditions. */
	segments: number;
	parts: number;
	pace: Pace;
	/** Sorted. */
	roundTripsMs: number[];
	/** How long the server was away, each time. */
	outagesMs: number[];
	ended: boolean;
}

export interface Validation {
	/** Each once; none for a correct server. */
	findings: Finding[];
	/** Undefined when there was no stream. */
	measured?: Measured;
}

/** As `judgeHls`, for those who ask only for the rules it breaks. */
export async function validateHls(url: string, options: ValidationOptions): Promise<Finding[]> {
	return (await judgeHls(url, options)).findings;
}

/**
 * Reads a live LL-HLS stream for some seconds as a careful player would, with every rendition, every part and every
 * segment, and asks it what no player asks.
 * @param url address of the multivariant playlist
 */
export async function judgeHls(
	url: string,
	{ seconds, toleratedOutageMs = 0 }: ValidationOptions,
): Promise<Validation> {
	const findings = new Findings();
	const client = new HttpClient({ toleratedOutageMs });
	try {
		const { status, body } = await client.get(url);
		findings.expect(status === 200, 44, `the multivariant playlist gives ${status}`);
		if (status !== 200) return { findings: findings.list };
		const variants = checkMultivariant(body.toString(), findings);
		const followers = variants.map(({ uri }) => new RenditionFollower(uri, new URL(uri, url), client, findings));
		const untilMs = performance.now() + seconds * 1000;
		const [first] = followers;
		if (!first) return { findings: findings.list };
		const [pace, roundTripsMs] = await Promise.all([
			watchPace(client, first.url, untilMs, findings),
			measureRoundTrips(client, first.url, findings),
			probeRendition(client, first.url, findings),
			probeDeltas(client, first.url, findings),
			...followers.map((follower) => follower.follow(untilMs)),
		]);
		checkPace(pace, findings);
		const playlists = followers.flatMap(({ name, playlist }) => (playlist ? [[name, playlist] as const] : []));
		checkRenditions(new Map(playlists), findings);
		const ended = playlists.filter(([, playlist]) => playlist.ended).length;
		findings.expect(
			ended === 0 || ended === followers.length,
			43,
			`${ended} of ${followers.length} playlists have ended`,
		);
		for (const [index, { name, segments, playlist }] of followers.entries()) {
			const bandwidth = variants[index]?.bandwidth;
			const targetDuration = playlist?.targetDuration ?? 0;
			if (bandwidth !== undefined) checkBandwidth(name, segments, { bandwidth, targetDuration }, findings);
		}
		return {
			findings: findings.list,
			measured: {
				segments: followers.reduce((sum, { segments }) => sum + segments.length, 0),
				parts: followers.reduce((sum, { partCount }) => sum + partCount, 0),
				pace,
				roundTripsMs,
				outagesMs: client.outages.map(({ startMs, endMs }) => endMs - startMs),
				ended: ended > 0,
			},
		};
	} finally {
		client.close();
	}
}
