import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/deadline.ts";
import { decodeMedia } from "../support/decode-media.ts";
import { newestPosition, parseMediaPlaylist } from "../support/hls/parse-playlist.ts";
import { validateHls } from "../support/hls-validator.ts";
import { fetchMultivariant } from "../support/programme-tap.ts";
import { startRostrumServer } from "../support/rostrum-server.ts";

const DEADLINE_MS = 60_000;

test("a programme goes on, and can be rewound, over a kill -9 of its server", async () => {
	let server = await startRostrumServer();
	try {
		const { id } = await server.api.createWebinar("Restart");
		const live = `${server.baseUrl}/live/${id}`;
		const playlist = async () => parseMediaPlaylist(await (await fetch(`${live}/360p/index.m3u8`)).text());
		const fetchMedia = async (name = "") => {
			const answer = await fetch(`${live}/360p/${name}`);
			expect(answer.status, name).toBe(200);
			return Buffer.from(await answer.arrayBuffer());
		};
		const until = (msn: number) =>
			eventually(
				async () => newestPosition(await playlist()).msn >= msn,
				DEADLINE_MS,
				() => `no segment ${msn}\n${server.log.slice(-20).join("\n")}`,
			);
		await server.api.start(id);
		await fetchMultivariant(server.baseUrl, id);
		const judged = validateHls(`${live}/index.m3u8`, { seconds: 120, toleratedOutageMs: DEADLINE_MS });
		await until(13);
		const before = await playlist();
		const [first] = before.segments;
		const wanted = await Promise.all([fetchMedia(first?.map), fetchMedia(first?.uri)]);

		await server.kill();
		server = await startRostrumServer({ after: server });
		// Before the new programme has anything to show, what there was can be seen.
		const restored = await eventually(
			async () => (await fetch(`${live}/360p/index.m3u8`)).ok && playlist(),
			DEADLINE_MS,
			() => "not served again",
		);
		expect(newestPosition(restored).msn).toBeGreaterThanOrEqual(newestPosition(before).msn);
		await until(newestPosition(restored).msn + 3);
		const after = await playlist();
		expect(after.segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
		expect(after.segments[0]?.uri).toBe(first?.uri);
		const again = await Promise.all([fetchMedia(after.segments[0]?.map), fetchMedia(after.segments[0]?.uri)]);
		expect(Buffer.concat(again).equals(Buffer.concat(wanted))).toBe(true);
		expect((await decodeMedia(Buffer.concat(again))).frames).toHaveLength(60);

		await server.api.end(id);
		expect(await judged).toEqual([]);
		expect((await playlist()).ended).toBe(true);
		const files = async () => (await readdir(join(server.dataDir, "live", id))).toSorted();
		await eventually(
			async () => (await files()).includes("index.m3u8"),
			DEADLINE_MS,
			() => "no final playlists",
		);
		expect(await files()).toEqual(["360p", "720p", "audio", "index.m3u8", "timeline.jsonl"]);
		await fetch(`${server.baseUrl}/api/webinars/${id}`, {
			method: "DELETE",
			headers: { authorization: `Bearer ${server.adminToken}` },
		});
		await eventually(
			async () => (await readdir(join(server.dataDir, "live"))).length === 0,
			DEADLINE_MS,
			() => "the files of a deleted webinar stay",
		);
		expect((await fetch(`${live}/index.m3u8`)).status).toBe(404);
	} finally {
		await server.close();
	}
});
