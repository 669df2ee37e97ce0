import { checkDelta } from "./delta-rules.ts";
import type { Findings } from "./finding.ts";
import type { HttpClient } from "./http-client.ts";
import { listedSeconds, newestPosition, parseMediaPlaylist } from "./parse-playlist.ts";

/** Pairs that are compared of each kind, and how often a pair may be asked for in vain. */
const PAIRS = 2;
const ATTEMPTS = 8;

/** Asks a live rendition for delta updates, and compares each with the whole playlist of the same moment. */
export async function probeDeltas(client: HttpClient, url: URL, findings: Findings): Promise<void> {
	const ask = async (query: Record<string, string | number>) => {
		const address = new URL(url);
		for (const [name, value] of Object.entries(query)) address.searchParams.set(name, `${value}`);
		return (await client.get(address)).body.toString();
	};
	const first = parseMediaPlaylist(await ask({}));
	const skipUntil = first.control["CAN-SKIP-UNTIL"];
	if (skipUntil === undefined) {
		const unasked = parseMediaPlaylist(await ask({ _HLS_skip: "YES" })).skip !== undefined;
		findings.expect(!unasked, 32, "EXT-X-SKIP without CAN-SKIP-UNTIL");
		return;
	}
	for (const asked of ["YES", "v2"] as const) {
		let [pairs, skips] = [0, 0];
		let newest = newestPosition(first);
		let due = false;
		for (let attempt = 0; attempt < ATTEMPTS && pairs < PAIRS; attempt++) {
			const next = { _HLS_msn: newest.msn, _HLS_part: newest.part + 1 };
			// Both wait for the same part, and so show the same moment.
			const [wholeText, deltaText] = await Promise.all([ask(next), ask({ ...next, _HLS_skip: asked })]);
			const [whole, delta] = [parseMediaPlaylist(wholeText), parseMediaPlaylist(deltaText)];
			newest = newestPosition(whole);
			if (whole.ended || delta.ended) return;
			const shown = newestPosition(delta);
			if (shown.msn !== newest.msn || shown.part !== newest.part) continue;
			pairs++;
			if (delta.skip) skips++;
			// Near a discontinuity, players merge badly: a server does well to give the whole.
			const isSimple = whole.segments.every(({ discontinuity }) => !discontinuity);
			due ||= isSimple && listedSeconds(whole.segments) > Number(skipUntil) + 2 * whole.targetDuration;
			checkDelta(url.pathname, wholeText, deltaText, asked, findings);
		}
		findings.expect(pairs > 0, 32, `_HLS_skip=${asked}: never shows what the whole playlist shows`);
		findings.expect(!due || skips > 0, 32, `_HLS_skip=${asked}: nothing is skipped of what may be`);
	}
}
