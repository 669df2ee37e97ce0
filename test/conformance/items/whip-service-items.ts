import assert from "node:assert/strict";
import { type Answer, assertProblem, type ConformanceContext, SDP } from "../conformance-context.ts";
import { type ConformanceItem, Inapplicable, whip } from "../conformance-item.ts";
import { linksOf } from "../link-header.ts";
import { rawOffer, rawVideo, writeOffer } from "../raw-offer.ts";
import { type SdpSection, SessionText, values } from "../session-text.ts";
import { relayCandidates } from "../turn-relay.ts";

const FLOOD = 2000;
const FLOOD_AT_ONCE = 50;
/** What a random UUID has, less its fixed digits and some chance. */
const MIN_SESSION_BITS = 100;

const RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";

function simulcastOffer(lines: string[]): string {
	const extra = [`a=extmap:4 ${MID}`, `a=extmap:10 ${RID}`, ...lines];
	const [audio, video] = rawOffer().media;
	if (!audio || !video) throw new Error("an offer has audio and video");
	return writeOffer(rawOffer({ media: [audio, rawVideo({ extra })] }));
}

/** RFC 8853 section 5.1: the rids of `a=simulcast:recv`, alternatives and pauses left out. */
function receivedRids(section: SdpSection | undefined): string[] {
	const [value = ""] = section ? values(section, "simulcast") : [];
	const list = /(?:^|\s)recv (\S+)/.exec(value)?.[1] ?? "";
	return list.split(";").map((rid) => rid.split(",")[0]?.replace("~", "") ?? "");
}

/** Sends requests until one is answered with 429. */
async function flood(send: () => Promise<Answer>): Promise<Answer | undefined> {
	for (let sent = 0; sent < FLOOD; sent += FLOOD_AT_ONCE) {
		const answers = await Promise.all(Array.from({ length: FLOOD_AT_ONCE }, send));
		const limited = answers.find(({ status }) => status === 429);
		if (limited) return limited;
	}
	return undefined;
}

async function mustLimit(context: ConformanceContext, method: string, send: () => Promise<Answer>): Promise<void> {
	const limited = await flood(send);
	if (!limited) context.lacks("rate-limits", `${FLOOD} times ${method} were not limited`);
	assertProblem(limited, 429);
	assert.match(limited.headers.get("retry-after") ?? "", /^\d+$/, "the 429 has no Retry-After");
}

/** What a service does beside single sessions: load, TURN, simulcast, protection. */
export const whipServiceItems: ConformanceItem[] = [
	{
		id: "W17",
		title: "A second publisher of the same identity gets 409, or takes the place of the first",
		section: "common practice",
		async run(context) {
			const first = await context.open("whip");
			const second = await context.post("whip", writeOffer(rawOffer()));
			const still = await context.request(first.url, { method: "GET" });
			if (second.status === 201) assert.equal(still.status, 404, "both sessions live");
			else assertProblem(second, 409);
		},
	},
	{
		id: "W21",
		title: "TURN servers come in Link headers of the 201, with credentials that clients can read",
		section: whip("4.6"),
		async run(context) {
			const { created } = await context.open("whip");
			const servers = linksOf(created.headers).filter(({ rel }) => rel.includes("ice-server"));
			if (servers.length === 0) context.lacks("turn", "the server hands out no STUN or TURN server");
			for (const { uri, parameters } of servers) {
				assert.match(uri, /^(stun|turn)s?:[^/]/, "the URI is one of RFC 7064 or RFC 7065");
				if (!uri.startsWith("turn")) continue;
				for (const name of ["username", "credential"]) {
					const value = parameters.get(name);
					assert.ok(value, `${uri} has no ${name}`);
					assert.doesNotMatch(value, /[,;"\\<>]/, `OBS splits the header at characters in the ${name}`);
				}
				assert.equal(parameters.get("credential-type"), "password");
			}
			const options = await context.request(context.target.whip, {
				method: "OPTIONS",
				token: null,
				headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
			});
			assert.doesNotMatch(options.headers.get("link") ?? "", /credential/, "credentials for a preflight without token");
		},
	},
	{
		id: "W21b",
		title: "A TURN server takes the credentials that come with it",
		section: whip("4.6"),
		async run(context) {
			for (const protocol of ["whip", "whep"] as const) {
				if (protocol === "whep") await context.source();
				const { created } = await context.open(protocol);
				const servers = linksOf(created.headers).filter(
					({ rel, uri }) => rel.includes("ice-server") && uri.startsWith("turn:"),
				);
				const [server] = servers;
				if (!server) return context.lacks("turn", `the ${protocol.toUpperCase()} endpoint hands out no turn: server`);
				const candidates = await relayCandidates(server);
				assert.ok(candidates.length > 0, `${server.uri} gives no relay`);
			}
		},
	},
	{
		id: "W23",
		title: "Simulcast is answered with the offered rids to receive",
		section: `${whip("4.8")}, RFC 8853 section 5.3.2`,
		async run(context) {
			for (const lines of [
				["a=rid:h send", "a=rid:m send", "a=rid:l send", "a=simulcast:send h;m;l"],
				["a=rid:0 send", "a=rid:1 send", "a=rid:2 send", "a=simulcast:send 0;1;2"],
				["a=rid:h send pt=96", "a=rid:l send pt=96;max-width=320", "a=simulcast:send h;l"],
			]) {
				const session = await context.open("whip", simulcastOffer(lines));
				const [, video] = session.answer.media;
				assert.ok(video, "the answer has no video");
				if (values(video, "simulcast").length === 0) context.lacks("simulcast", "the server declines simulcast");
				const offered = new SessionText(lines.join("\r\n")).all("rid").map((value) => value.split(" ")[0] ?? "");
				const answered = receivedRids(video);
				assert.ok(answered.length >= 2, `one layer is no simulcast: ${answered.join(";")}`);
				assert.ok(
					answered.every((rid) => offered.includes(rid)),
					`${answered.join(";")} is not of the offer's ${offered.join(";")}`,
				);
				const rids = values(video, "rid");
				for (const rid of answered) {
					assert.ok(
						rids.some((value) => new RegExp(`^${rid} recv( |$)`).test(value)),
						`there is no a=rid:${rid} recv`,
					);
				}
				assert.deepEqual(
					values(video, "extmap").filter((value) => value.endsWith(RID)),
					[`10 ${RID}`],
					"the rids cannot be told without their header extension",
				);
				await context.delete(session);
			}
		},
	},
	{
		id: "W23b",
		title: "A header extension or feedback that was not offered is not answered, and ids stay",
		section: "RFC 8285 section 6, RFC 3264 section 6.1",
		async run(context) {
			const offer = simulcastOffer([]);
			const session = await context.open("whip", offer);
			const offered = new SessionText(offer);
			for (const [index, section] of session.answer.media.entries()) {
				const mine = offered.media[index];
				assert.ok(mine);
				for (const name of ["extmap", "rtpmap", "rtcp-fb"]) {
					for (const value of values(section, name)) {
						assert.ok(values(mine, name).includes(value), `a=${name}:${value} was not offered`);
					}
				}
			}
		},
	},
	{
		id: "W25",
		title: "Session URLs cannot be guessed",
		section: whip("5"),
		async run(context) {
			const urls: string[] = [];
			for (let round = 0; round < 8; round++) {
				const session = await context.open("whip");
				urls.push(session.url);
				await context.delete(session);
			}
			const length = Math.min(...urls.map((url) => url.length));
			const columns = Array.from({ length }, (_, at) => new Set(urls.map((url) => url.at(at - length))));
			const varying = columns.filter((characters) => characters.size > 1);
			const alphabet = new Set(varying.flatMap((characters) => [...characters]));
			// An alphabet shows itself in so many characters; hexadecimal is the smallest in use.
			const bits = varying.length * (alphabet.size > 16 ? 5 : 4);
			assert.ok(
				bits >= MIN_SESSION_BITS,
				`session URLs differ in ${varying.length} characters only, about ${bits} bits`,
			);
		},
	},
];

/** They leave the server busy, so they come last. */
export const loadItems: ConformanceItem[] = [
	{
		id: "W25b",
		title: "Floods of POST, PATCH and DELETE get 429 with Retry-After",
		section: whip("5"),
		async run(context) {
			if (!context.target.expects.includes("rate-limits")) {
				throw new Inapplicable("the server is not flooded unasked: --expect rate-limits");
			}
			const session = await context.open("whip");
			const guess = { ...session, url: session.url.replace(/[^/]{8}$/, "AAAAAAAA") };
			await mustLimit(context, "DELETE of a guessed session", () => context.delete(guess));
			await mustLimit(context, "PATCH", () => context.patch(session, "no fragment", { "if-match": session.etag }));
			await mustLimit(context, "POST", () => context.post("whip", "no SDP"));
		},
	},
	{
		id: "W20",
		title: "A server that is full answers 503 with Retry-After",
		section: whip("4.5"),
		async run(context) {
			const { overloaded } = context.target;
			if (!overloaded) throw new Inapplicable("no endpoint at its limit is given: name one by --overloaded URL");
			const answer = await context.request(overloaded.whip, {
				method: "POST",
				token: overloaded.token ?? null,
				headers: { "content-type": SDP },
				body: writeOffer(rawOffer()),
			});
			assertProblem(answer, 503);
			assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/, "there is no Retry-After in seconds");
		},
	},
];
