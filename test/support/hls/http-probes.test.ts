import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finding, judgeHls } from "../hls-validator.ts";
import type { HttpAnswer } from "./http-client.ts";
import { skipSegments } from "./skip-segments.ts";
import { type Defect, SpoiltOrigin } from "./spoilt-origin.ts";

/** What the probes of one stream take: two segments and some parts. */
const SECONDS = 6;
/** The playlist is full, so that segments leave it. */
const HISTORY_MS = 70_000;

let origin: SpoiltOrigin;
let endShort: () => void;

beforeAll(async () => {
	origin = await SpoiltOrigin.start();
	origin.play("correct", HISTORY_MS);
	endShort = origin.play("ending", HISTORY_MS);
});

afterAll(() => origin.close());

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
	return { rewrite: (text, url) => (which(url) ? text.replace(pattern, replacement) : text) };
}

const SKIPS = ",CAN-SKIP-UNTIL=12.0";

function announceSkips(text: string): string {
	return text.replace("CAN-BLOCK-RELOAD=YES", `CAN-BLOCK-RELOAD=YES${SKIPS}`);
}

function skipped(text: string, { searchParams }: URL): string {
	return searchParams.has("_HLS_skip") && text.includes("SERVER-CONTROL") ? skipSegments(text) : text;
}

/** A defect that depends on the media sequence last seen. */
function sequenced(make: (sequence: () => number) => Defect): Defect {
	let sequence = 0;
	const note = (text: string) => {
		sequence = Math.max(sequence, Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0));
		return text;
	};
	return { ...make(() => sequence), rewrite: note };
}

/** So many milliseconds for the first `count` answers that fit. */
function first(count: number, fits: (url: URL) => boolean, ms: number): NonNullable<Defect["delayMs"]> {
	let left = count;
	return (_answer, url) => (fits(url) && left-- > 0 ? ms : 0);
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
	[
		18,
		"a segment that is gone with its listing",
		sequenced((sequence) => ({
			answer: (_, { pathname }) =>
				Number(/segment-e-(\d+)/.exec(pathname)?.[1] ?? 99) < sequence() ? { status: 404 } : undefined,
		})),
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
		sequenced((sequence) => ({
			answer: (_, { searchParams }) =>
				Number(searchParams.get("_HLS_msn") ?? 99) < sequence() && searchParams.has("_HLS_part")
					? { status: 400 }
					: undefined,
		})),
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
	[32, "nothing skipped of what may be", { rewrite: (text) => announceSkips(text) }],
	[
		32,
		"skips that are not announced",
		{ rewrite: (text, url) => skipped(announceSkips(text), url).replace(SKIPS, "") },
	],
	[44, "too low a BANDWIDTH", rewritten(/:BANDWIDTH=\d+/g, ":BANDWIDTH=40000")],
	[48, "no compression", { ask: (_url, headers) => void delete headers["accept-encoding"] }],
	[48, "no Vary", without("vary")],
	[49, "a plain playlist cached for long", cached("max-age=60", (_, url) => isPlaylist(url) && url.search === "")],
	[49, "a blocking answer that is not cached", cached("no-store", (_, url) => url.search.includes("_HLS_part"))],
	[49, "media that is cached for moments", cached("max-age=1", (_, url) => /segment-/.test(url.pathname))],
	[49, "an error cached for long", cached("max-age=600", ({ status }) => status === 400)],
	[50, "no Access-Control-Allow-Origin", without("access-control-allow-origin")],
	[50, "no exposed headers", without("access-control-expose-headers")],
];

/** Those that show in time alone, or at the end. */
const slowDefects: [rule: number, what: string, defect: Defect, seconds: number, id?: string][] = [
	[7, "an answer after 150 ms at best", { delayMs: () => 150 }, SECONDS],
	[15, "parts that come with their segment", directives((search) => void search.delete("_HLS_part")), 14],
	[
		29,
		"an answer after 8.5 s, four times",
		{ delayMs: first(4, ({ search }) => /_HLS_part=\d/.test(search), 8_500) },
		6,
	],
	[
		43,
		"no end in one rendition",
		rewritten("#EXT-X-ENDLIST\n", "", ({ pathname }) => /audio/.test(pathname)),
		12,
		"ending",
	],
];

const rulesOf = (findings: Finding[]) => findings.map(({ rule }) => rule);

describe("judgeHls", { timeout: 90_000 }, () => {
	it("finds nothing wrong with a correct server, whichever way it is asked", async () => {
		const withSkips: Defect = { rewrite: (text, url) => skipped(announceSkips(text), url) };
		const behindPass: Defect = {
			ask: (url) => {
				url.pathname = url.pathname.replace("/~1790000000.pass", "");
			},
		};
		const [plain, skips, behind] = await Promise.all(
			[{}, withSkips, behindPass].map((defect) => origin.spoil("correct", defect)),
		);
		const passed = behind?.replace("correct", "correct/~1790000000.pass");
		const judged = await Promise.all([plain, skips, passed].map((url) => judgeHls(url ?? "", { seconds: SECONDS })));
		for (const { findings, measured } of judged) {
			expect(findings).toEqual([]);
			expect(measured?.segments).toBeGreaterThan(4);
			expect(measured?.pace.partIntervalsMs.length).toBeGreaterThan(10);
			expect(measured?.roundTripsMs.length).toBe(20);
			expect(measured?.outagesMs).toEqual([]);
		}
	});

	it("finds every defect of a spoilt one", async () => {
		// All at once: each takes its seconds, for parts come in their own time.
		const judged = await Promise.all(
			defects.map(async ([rule, what, defect]) => {
				const { findings } = await judgeHls(await origin.spoil("correct", defect), { seconds: SECONDS });
				return { rule, what, rules: rulesOf(findings) };
			}),
		);
		expect(judged.filter(({ rule, rules }) => !rules.includes(rule))).toEqual([]);
	});

	it.concurrent("finds what shows in time, and at the end", async ({ expect }) => {
		setTimeout(endShort, 5_000);
		const ended = origin.spoil("ending", {}).then((url) => judgeHls(url, { seconds: 30 }));
		const judged = await Promise.all(
			slowDefects.map(async ([rule, what, defect, seconds, id = "correct"]) => {
				const { findings } = await judgeHls(await origin.spoil(id, defect), { seconds });
				return { rule, what, rules: rulesOf(findings) };
			}),
		);
		expect(judged.filter(({ rule, rules }) => !rules.includes(rule))).toEqual([]);
		expect(await ended).toMatchObject({ findings: [], measured: { ended: true } });
	});

	it.concurrent("measures an outage, and forgives one only where it is told to", async () => {
		const addresses = await Promise.all(
			[undefined, undefined].map(() => {
				const startMs = performance.now() + 2_000;
				const isAway = () => performance.now() > startMs && performance.now() < startMs + 1_500;
				return origin.spoil("correct", { answer: () => (isAway() ? { status: 503 } : undefined) });
			}),
		);
		const [strict, patient] = await Promise.all([
			judgeHls(addresses[0] ?? "", { seconds: SECONDS }),
			judgeHls(addresses[1] ?? "", { seconds: SECONDS, toleratedOutageMs: 10_000 }),
		]);
		expect(rulesOf(strict.findings)).toContain(23);
		expect(patient.findings).toEqual([]);
		expect(patient.measured?.outagesMs.length).toBe(1);
		expect(patient.measured?.outagesMs[0]).toBeGreaterThan(1_000);
	});
});
