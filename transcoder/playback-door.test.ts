import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMemoryBus } from "../core/runtime/bus.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { createLog } from "../core/runtime/log.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { HttpClient } from "../test/support/hls/http-client.ts";
import { media, problemCode, publication } from "../test/support/test-origin.ts";
import { Origin } from "./origin/origin.ts";
import { PlaybackDoor } from "./playback-door.ts";

const ID = "abcdefghij12";
const PUBLIC_ID = "zyxwvutsrq98";
const passes = createPlaybackPasses(new Uint8Array(32).fill(3), systemClock);
const { pass } = passes.issue(ID);

const lines: string[] = [];
let origin: Origin;
let app: FastifyInstance;
let baseUrl: string;
const client = new HttpClient();
const bus = createMemoryBus({
	onError: (error) => {
		throw error;
	},
});

beforeEach(async () => {
	const log = createLog({ level: "trace", pretty: false, stream: { write: (line) => void lines.push(line) } });
	const door = new PlaybackDoor({ passes, bus });
	bus.retain("playback-private", ID, { private: true });
	origin = new Origin({ log, clock: systemClock, metrics: new Registry(), admits: door.admits });
	app = fastify();
	await app.register(origin.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
	baseUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live`;
	for (const id of [ID, PUBLIC_ID]) {
		origin.open(id).publish(publication(1, 1, { added: [media("segment-1", "bytes")] }));
	}
});

afterEach(async () => {
	origin.close();
	client.close();
	await app.close();
});

const get = (path: string) => client.get(`${baseUrl}/${path}`);
const NAMES = ["index.m3u8", "720p/index.m3u8", "720p/index.m3u8?_HLS_msn=2&_HLS_part=0", "720p/segment-1"];

it("serves a private webinar to those with its pass, to everyone the same, and for caches to keep", async () => {
	for (const name of NAMES) {
		const answers = await Promise.all([get(`${ID}/~${pass}/${name}`), get(`${ID}/~${pass}/${name}`)]);
		const [one, other] = answers;
		expect([name, one.status, other.status]).toEqual([name, 200, 200]);
		expect(one.body.equals(other.body)).toBe(true);
		expect(one.headers["cache-control"]).toMatch(/^max-age=\d/);
		expect(one.headers).not.toHaveProperty("set-cookie");
		expect((await get(`${PUBLIC_ID}/${name}`)).body.equals(one.body)).toBe(true);
	}
});

it("refuses it without a pass, with another's, and with one that was tampered with", async () => {
	const [expiry = "", signature = ""] = pass.split(".");
	const wrong = ["", `~${passes.issue(PUBLIC_ID).pass}/`, `~${Number(expiry) + 21_600}.${signature}/`, "~1.x/", "~a/"];
	for (const prefix of wrong) {
		for (const name of NAMES) {
			const answer = await get(`${ID}/${prefix}${name}`);
			expect([prefix, name, answer.status, problemCode(answer)]).toEqual([prefix, name, 403, "forbidden"]);
			expect(answer.headers["cache-control"]).toBe("max-age=1");
		}
	}
	expect(lines.filter((line) => line.includes(pass) || line.includes(signature))).toEqual([]);
});

it("lets a pass of a webinar that became public go on, and none that is made up multiply what caches keep", async () => {
	bus.retain("playback-private", ID, null);
	await Promise.resolve();
	expect((await get(`${ID}/~${pass}/index.m3u8`)).status).toBe(200);
	expect((await get(`${ID}/index.m3u8`)).status).toBe(200);
	expect((await get(`${ID}/~made-up/index.m3u8`)).status).toBe(403);
	expect((await get(`${PUBLIC_ID}/~${pass}/index.m3u8`)).status).toBe(403);
});
