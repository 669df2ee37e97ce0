import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createLog } from "../../../core/runtime/log.ts";
import { Origin } from "../../../transcoder/origin/origin.ts";
import { Packager } from "../../../transcoder/package/packager.ts";
import { CodedRecording } from "../coded-recording.ts";
import { validateHls } from "../hls-validator.ts";
import { type HttpAnswer, HttpClient } from "./http-client.ts";

const STEP_MS = 50;
/** What the probes of one stream take: two segments and some parts. */
const SECONDS = 6;

let origin: Origin;
let app: FastifyInstance;
let feeding: NodeJS.Timeout;
const client = new HttpClient();
const proxies: Server[] = [];

beforeAll(async () => {
	const log = createLog({ level: "silent", pretty: false });
	origin = new Origin({ log, clock: systemClock, metrics: new Registry() });
	const stream = origin.open("correct");
	const packager = new Packager({ epoch: "e", publish: (publication) => stream.publish(publication) });
	const rung = { kind: "video", width: 16, height: 16, frameRate: 30, maxBitrate: 90_000, avcC: "AUIAHg==" } as const;
	const frames = Array.from({ length: 60 }, (_, index) => Buffer.alloc(200, index));
	const recording = new CodedRecording(
		[
			{ ...rung, name: "720p" },
			{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 90_000, audioSpecificConfig: "EZA=" },
		],
		[frames, frames],
	);
	const startsAtMs = Date.now() - 20_000; // as if it had run for a while
	packager.startRun({ run: 1, startsAtMs, tracks: recording.tracks });
	let playedMs = 0;
	const feed = () => {
		const untilMs = Date.now() - startsAtMs;
		for (; playedMs < untilMs; playedMs += STEP_MS) {
			for (const frame of recording.between(playedMs, playedMs + STEP_MS)) packager.add(frame);
		}
	};
	feed();
	feeding = setInterval(feed, STEP_MS);
	app = fastify({ forceCloseConnections: true });
	await app.register(origin.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
	clearInterval(feeding);
	origin.close();
	client.close();
	for (const proxy of proxies) {
		proxy.closeAllConnections();
		proxy.close();
	}
	await app.close();
});

interface Defect {
	/** Changes the address or the headers before they reach the origin. */
	ask?: (url: URL, headers: IncomingHttpHeaders) => void;
	/** Changes what the origin answered. */
	answer?: (answer: HttpAnswer, url: URL) => Partial<HttpAnswer> | undefined;
	/** Gives up on the origin after so long, with 404. */
	impatientMs?: number;
}

/** A server that is the origin but for one defect. Returns the address of its multivariant playlist. */
async function spoilt({ ask, answer, impatientMs }: Defect): Promise<string> {
	const { port } = app.server.address() as AddressInfo;
	const proxy = createServer(async (request, response) => {
		const url = new URL(request.url ?? "", `http://127.0.0.1:${port}`);
		const asked = new URL(url);
		const headers: IncomingHttpHeaders = { ...request.headers };
		ask?.(url, headers);
		const sent = client.get(url, headers as Record<string, string>);
		const late = Promise.withResolvers<HttpAnswer>();
		const timer =
			impatientMs && /part-e/.test(url.pathname)
				? setTimeout(() => late.resolve({ status: 404, headers: {}, body: Buffer.alloc(0), tookMs: 0 }), impatientMs)
				: undefined;
		const given = await Promise.race([sent, late.promise]).catch(() => undefined);
		clearTimeout(timer);
		if (!given) return response.destroy();
		const changed = { ...given, ...answer?.(given, asked) };
		const kept = Object.entries(changed.headers).filter(
			([name, value]) => value !== undefined && name !== "content-length",
		);
		response.writeHead(changed.status, Object.fromEntries(kept)).end(changed.body);
	});
	proxies.push(proxy.listen(0, "127.0.0.1"));
	await once(proxy, "listening");
	return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/live/correct/index.m3u8`;
}

const isPlaylist = (url: URL) => url.pathname.endsWith("p/index.m3u8");

function without(header: string): Defect {
	return { answer: ({ headers }) => ({ headers: { ...headers, [header]: undefined } }) };
}

function cached(value: string, which: (answer: HttpAnswer, url: URL) => boolean): Defect {
	return {
		answer: (answer, url) =>
			which(answer, url) ? { headers: { ...answer.headers, "cache-control": value } } : undefined,
	};
}

function rewritten(pattern: string | RegExp, replacement: string, which = (_url: URL) => true): Defect {
	return {
		ask: (_url, headers) => {
			headers["accept-encoding"] = "identity";
		},
		answer: ({ body }, url) =>
			/m3u8$/.test(url.pathname) && which(url)
				? { body: Buffer.from(body.toString().replace(pattern, replacement)) }
				: undefined,
	};
}

function directives(change: (search: URLSearchParams) => void): Defect {
	return { ask: (url) => change(url.searchParams) };
}

const defects: [rule: number, what: string, defect: Defect][] = [
	[
		1,
		"another content type",
		{
			answer: ({ headers }, url) =>
				isPlaylist(url) ? { headers: { ...headers, "content-type": "text/plain" } } : undefined,
		},
	],
	[
		17,
		"a listed part that is not there",
		{ answer: (_, url) => (/part-e-\d*5\.m4s/.test(url.pathname) ? { status: 404 } : undefined) },
	],
	[20, "a hinted part that is not waited for", { impatientMs: 30 }],
	[20, "something at every address", { answer: ({ status }) => (status === 404 ? { status: 200 } : undefined) }],
	[
		23,
		"no blocking at all",
		directives((search) => {
			for (const name of ["_HLS_msn", "_HLS_part"]) if (/^\d+$/.test(search.get(name) ?? "")) search.delete(name);
		}),
	],
	[
		24,
		"no part after the last",
		{ answer: (_, { searchParams }) => (searchParams.get("_HLS_part") === "6" ? { status: 400 } : undefined) },
	],
	[
		25,
		"the first part for a whole segment",
		directives((search) => {
			if (search.has("_HLS_msn") && !search.has("_HLS_part")) search.set("_HLS_part", "0");
		}),
	],
	[
		26,
		"an error for who comes late",
		{
			answer: (_, { searchParams }) =>
				Number(searchParams.get("_HLS_msn") ?? 99) < 2 && searchParams.has("_HLS_part") ? { status: 400 } : undefined,
		},
	],
	[
		27,
		"an answer to half a question",
		directives((search) => {
			if (!search.has("_HLS_msn")) search.delete("_HLS_part");
		}),
	],
	[
		28,
		"an answer for what is far away",
		directives((search) => {
			if (Number(search.get("_HLS_part")) > 100) search.delete("_HLS_part");
		}),
	],
	[
		31,
		"an error for an unknown directive",
		{ answer: (_, { search }) => (search.includes("unheard") ? { status: 400 } : undefined) },
	],
	[44, "no CODECS", rewritten(/CODECS="[^"]*",?/, "")],
	[44, "too low a BANDWIDTH", rewritten(/:BANDWIDTH=\d+/g, ":BANDWIDTH=40000")],
	[45, "no EXT-X-INDEPENDENT-SEGMENTS", rewritten("#EXT-X-INDEPENDENT-SEGMENTS\n", "")],
	[48, "no compression", { ask: (_url, headers) => void delete headers["accept-encoding"] }],
	[48, "no Vary", without("vary")],
	[49, "a plain playlist cached for long", cached("max-age=60", (_, url) => isPlaylist(url) && url.search === "")],
	[49, "a blocking answer that is not cached", cached("no-store", (_, url) => url.search.includes("_HLS_part"))],
	[49, "media that is cached for moments", cached("max-age=1", (_, url) => /segment-/.test(url.pathname))],
	[49, "an error cached for long", cached("max-age=600", ({ status }) => status === 400)],
	[50, "no Access-Control-Allow-Origin", without("access-control-allow-origin")],
	[50, "no exposed headers", without("access-control-expose-headers")],
];

describe("validateHls", () => {
	it("finds nothing wrong with a correct server, and every defect of a spoilt one", { timeout: 60_000 }, async () => {
		const streams: [number | undefined, string, Defect][] = [[undefined, "none", {}], ...defects];
		// All at once: each takes its seconds, for parts come in their own time.
		const judged = await Promise.all(
			streams.map(async ([rule, what, defect]) => {
				const rules = (await validateHls(await spoilt(defect), { seconds: SECONDS })).map((finding) => finding.rule);
				return { rule, what, found: rule === undefined ? rules.length === 0 : rules.includes(rule), rules };
			}),
		);
		expect(judged.filter(({ found }) => !found)).toEqual([]);
	});
});
