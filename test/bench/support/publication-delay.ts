import { HttpClient } from "../../support/hls/http-client.ts";
import { readMultivariant } from "../../support/hls-playlist.ts";

/**
 * Of each part that appears within `forMs`: how long after its last picture's end, by the programme's date-time, it was
 * listed for who waits for it by blocking reloads. `url`: of the multivariant playlist, on this machine.
 */
export async function publicationDelaysMs(url: string, forMs: number): Promise<number[]> {
	const client = new HttpClient();
	const delays: number[] = [];
	try {
		const { variants } = readMultivariant((await client.get(url)).body.toString(), url);
		const playlistUrl = variants[0]?.url ?? "";
		const untilMs = Date.now() + forMs;
		let edge = readEdge((await client.get(playlistUrl)).body.toString());
		while (Date.now() < untilMs) {
			const answer = await client.get(`${playlistUrl}?_HLS_msn=${edge.msn}&_HLS_part=${edge.part}`);
			if (answer.status !== 200) throw new Error(`a blocking reload was answered with ${answer.status}`);
			const listedMs = performance.timeOrigin + performance.now();
			edge = readEdge(answer.body.toString());
			delays.push(listedMs - edge.endsAtMs);
		}
	} finally {
		client.close();
	}
	return delays;
}

/** What comes next, and when what is listed ends. */
function readEdge(playlist: string): { msn: number; part: number; endsAtMs: number } {
	let [msn, part, endsAtMs, partsEndAtMs] = [0, 0, Number.NaN, Number.NaN];
	for (const line of playlist.split("\n")) {
		const value = line.slice(line.indexOf(":") + 1);
		if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) msn = Number(value);
		else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) partsEndAtMs = endsAtMs = Date.parse(value);
		else if (line.startsWith("#EXT-X-PART:")) {
			part++;
			partsEndAtMs += 1000 * Number(/DURATION=([\d.]+)/.exec(value)?.[1]);
		} else if (line.startsWith("#EXTINF:")) {
			endsAtMs += 1000 * Number.parseFloat(value);
			[partsEndAtMs, part] = [endsAtMs, 0];
		} else if (line !== "" && !line.startsWith("#")) msn++;
	}
	return { msn, part, endsAtMs: partsEndAtMs };
}
