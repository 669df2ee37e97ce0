import { gunzipSync } from "node:zlib";
import type { Findings } from "./finding.ts";
import type { HttpClient } from "./http-client.ts";
import { type MediaPlaylist, newestPosition, parseMediaPlaylist } from "./parse-playlist.ts";

/** An answer that need not wait for anything, by a busy machine; one that waits does so for three target durations. */
const AT_ONCE_MS = 4_500;

interface Probe {
	client: HttpClient;
	/** Address of a media playlist. */
	url: URL;
	findings: Findings;
}

/** Asks one live rendition in every way the rules speak of. */
export async function probeRendition(client: HttpClient, url: URL, findings: Findings): Promise<void> {
	const probe: Probe = { client, url, findings };
	const { playlist } = await ask(probe);
	if (playlist.ended) return await probeEnded(probe);
	await probeErrors(probe);
	await probeBlocking(probe);
	await probeHint(probe);
	await probeDelivery(probe);
}

async function ask(
	{ client, url }: Probe,
	query: Record<string, string | number> = {},
	headers: Record<string, string> = {},
) {
	const address = new URL(url);
	for (const [name, value] of Object.entries(query)) address.searchParams.append(name, `${value}`);
	const answer = await client.get(address, headers);
	return { ...answer, playlist: parseMediaPlaylist(answer.body.toString()) };
}

/** Whether part N of segment M, or anything later, is listed. */
function lists(playlist: MediaPlaylist, msn: number, part: number): boolean {
	const newest = newestPosition(playlist);
	return newest.msn > msn || (newest.msn === msn && newest.part >= part);
}

function lastWhole({ segments, mediaSequence }: MediaPlaylist): number {
	return segments.findLast(({ uri }) => uri !== undefined)?.msn ?? mediaSequence;
}

function listsSegment({ segments }: MediaPlaylist, wanted: number): boolean {
	return segments.some(({ msn, uri }) => msn >= wanted && uri !== undefined);
}

async function probeErrors(probe: Probe): Promise<void> {
	const { findings } = probe;
	const refused: [number, string, (lastMsn: number) => Record<string, string | number>][] = [
		[27, "_HLS_part without _HLS_msn", () => ({ _HLS_part: 0 })],
		[27, "_HLS_msn that is no integer", () => ({ _HLS_msn: "one" })],
		[27, "a negative _HLS_msn", () => ({ _HLS_msn: -1 })],
		[27, "_HLS_part that is no integer", (lastMsn) => ({ _HLS_msn: lastMsn, _HLS_part: "1.5" })],
		[28, "_HLS_msn far ahead", (lastMsn) => ({ _HLS_msn: lastMsn + 10 })],
		[28, "_HLS_part far ahead", (lastMsn) => ({ _HLS_msn: lastMsn + 2, _HLS_part: 1000 })],
	];
	for (const [rule, what, query] of refused) {
		// Fresh each time: the stream goes on while the others are asked.
		const { status, headers } = await ask(probe, query(lastWhole((await ask(probe)).playlist)));
		findings.expect(status === 400, rule, `${what} gives ${status}`);
		const maxAge = maxAgeOf(headers["cache-control"]);
		findings.expect(maxAge <= 10, 49, `an error may be cached for ${maxAge} s`);
	}
	const ignored = await ask(probe, { _HLS_unheard_of: "1" });
	findings.expect(
		ignored.status === 200 && ignored.tookMs < AT_ONCE_MS,
		31,
		`an unknown directive gives ${ignored.status}`,
	);
	const { playlist } = await ask(probe);
	const stale = await ask(probe, { _HLS_msn: Math.max(playlist.mediaSequence - 1, 0), _HLS_part: 0 });
	findings.expect(stale.status === 200 && stale.tookMs < AT_ONCE_MS, 26, `a stale _HLS_msn gives ${stale.status}`);
	const unknown = await probe.client.get(new URL("no-such-part.m4s", probe.url));
	findings.expect(unknown.status === 404, 20, `an unknown name gives ${unknown.status}`);
}

async function probeBlocking(probe: Probe): Promise<void> {
	const { findings } = probe;
	const { playlist } = await ask(probe);
	const newest = newestPosition(playlist);
	// Far enough ahead that it cannot have come while the request is on its way.
	const wanted = { msn: newest.msn + 1, part: 2 };
	const blocked = await ask(probe, { _HLS_msn: wanted.msn, _HLS_part: wanted.part });
	const reached = lists(blocked.playlist, wanted.msn, wanted.part) || lists(blocked.playlist, wanted.msn + 1, 0);
	const waited = blocked.status === 200 && (blocked.playlist.ended || reached);
	findings.expect(waited, 23, `${blocked.status} without part ${wanted.msn}.${wanted.part}`);
	const { targetDuration } = playlist;
	const maxAge = maxAgeOf(blocked.headers["cache-control"]);
	findings.expect(
		maxAge >= targetDuration && maxAge <= 6 * targetDuration,
		49,
		`a blocking answer may be cached for ${maxAge} s`,
	);

	const last = blocked.playlist.segments.findLast(({ uri, parts }) => uri !== undefined && parts.length > 0);
	if (last) {
		const past = await ask(probe, { _HLS_msn: last.msn, _HLS_part: last.parts.length });
		const rolledOver = past.status === 200 && (past.playlist.ended || lists(past.playlist, last.msn + 1, 0));
		findings.expect(
			rolledOver,
			24,
			`${past.status} without part ${last.msn + 1}.0 for one past the end of segment ${last.msn}`,
		);
	}
	const coming = newestPosition(blocked.playlist).msn + 1;
	const whole = await ask(probe, { _HLS_msn: coming });
	const complete = whole.status === 200 && (whole.playlist.ended || listsSegment(whole.playlist, coming));
	findings.expect(complete, 25, `${whole.status} without the whole of segment ${coming}`);
}

async function probeHint(probe: Probe): Promise<void> {
	const { client, url, findings } = probe;
	const { playlist } = await ask(probe);
	const hinted = playlist.hints.find(({ TYPE }) => TYPE === "PART")?.["URI"];
	if (hinted === undefined) return;
	const early = await client.get(new URL(hinted, url));
	findings.expect(early.status === 200 && early.body.length > 0, 20, `the hinted part gives ${early.status}`);
	// Not the plain playlist: a cache may hold that for a second.
	const { msn, part } = newestPosition(playlist);
	const { playlist: after } = await ask(probe, { _HLS_msn: msn, _HLS_part: part + 1 });
	const listed = after.segments.some(({ parts }) => parts.some(({ uri }) => uri === hinted));
	findings.expect(listed || after.ended, 20, `the hinted part ${hinted} was given, but is not listed`);
	const later = await client.get(new URL(hinted, url));
	findings.expect(later.body.equals(early.body), 20, "the hinted part changed");
}

async function probeDelivery(probe: Probe): Promise<void> {
	const { client, url, findings } = probe;
	const plain = await ask(probe);
	findings.expect(
		plain.headers["content-type"] === "application/vnd.apple.mpegurl",
		1,
		`type ${plain.headers["content-type"]}`,
	);
	const plainMaxAge = maxAgeOf(plain.headers["cache-control"]);
	findings.expect(plainMaxAge <= 1, 49, `a plain playlist may be cached for ${plainMaxAge} s`);
	const zipped = await ask(probe, {}, { "accept-encoding": "gzip" });
	const isZipped = zipped.headers["content-encoding"] === "gzip";
	findings.expect(
		isZipped && gunzipSync(zipped.body).toString().startsWith("#EXTM3U"),
		48,
		"the playlist is not compressed",
	);
	findings.expect(/accept-encoding/i.test(`${plain.headers.vary}`), 48, `Vary is ${plain.headers.vary}`);
	const segment = plain.playlist.segments.find(({ uri }) => uri !== undefined)?.uri;
	const media = segment === undefined ? undefined : await client.get(new URL(segment, url));
	if (media) {
		const maxAge = maxAgeOf(media.headers["cache-control"]);
		findings.expect(maxAge >= 60, 49, `media may be cached for ${maxAge} s only`);
	}
	for (const { headers } of media ? [plain, media] : [plain]) {
		findings.expect(headers["access-control-allow-origin"] === "*", 50, "no Access-Control-Allow-Origin: *");
		const exposed = `${headers["access-control-expose-headers"]}`.toLowerCase();
		findings.expect(exposed.includes("age") && exposed.includes("date"), 50, `exposed headers are ${exposed}`);
	}
}

async function probeEnded(probe: Probe): Promise<void> {
	const { playlist } = await ask(probe);
	const ahead = await ask(probe, { _HLS_msn: newestPosition(playlist).msn + 1, _HLS_part: 0 });
	const answered = ahead.status === 200 && ahead.playlist.ended && ahead.tookMs < AT_ONCE_MS;
	probe.findings.expect(answered, 30, `${ahead.status} after ${Math.round(ahead.tookMs)} ms for what will not come`);
}

/** Seconds; 0 when nothing is said. */
function maxAgeOf(cacheControl: string | undefined): number {
	if (/no-store/.test(cacheControl ?? "")) return 0;
	return Number(/max-age=(\d+)/.exec(cacheControl ?? "")?.[1] ?? 0);
}
