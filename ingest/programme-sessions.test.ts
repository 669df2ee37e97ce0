import { afterEach, beforeEach, expect, test } from "vitest";
import { startIngest, WEBINAR } from "./test-support/ingest-server.ts";
import { subscribeOffer } from "./test-support/offers.ts";
import { until } from "./test-support/until.ts";

let ingest: Awaited<ReturnType<typeof startIngest>>;
const watched: [string, boolean][] = [];
beforeEach(async () => {
	ingest = await startIngest();
	watched.length = 0;
	ingest.bus.watch("programme-watched", (webinarId, value) => watched.push([webinarId, value !== null]));
});
afterEach(async () => {
	await ingest.close();
	expect(ingest.failures).toEqual([]);
});

async function post(
	name: string,
	role: "host" | "presenter",
	offer = subscribeOffer(1),
	path = "whep",
	source = "programme",
) {
	const token = await ingest.token(name, { role });
	const response = await fetch(`${ingest.origin}/${path}/${WEBINAR}?source=${source}`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/sdp" },
		body: offer,
	});
	const text = await response.text();
	const { status } = response;
	const code = status === 201 ? undefined : (JSON.parse(text) as { code: string }).code;
	return { status, code, location: response.headers.get("location") ?? "", answer: text };
}

test("hosts watch the programme, presenters do not, and nobody publishes it by WHIP", async () => {
	expect(await post("p", "presenter")).toMatchObject({ status: 403, code: "forbidden" });
	expect(await post("h", "host", subscribeOffer(1), "whip")).toMatchObject({ status: 400, code: "invalid-parameter" });
	expect(await post("h", "host", subscribeOffer(1), "whep", "all")).toMatchObject({ code: "invalid-parameter" });
	expect(await post("h", "host", subscribeOffer(2))).toMatchObject({ status: 422, code: "unusable-media" });
	const withoutH264 = subscribeOffer(1).replaceAll("H264", "H265");
	expect(await post("h", "host", withoutH264)).toMatchObject({ status: 422, code: "unusable-media" });
	expect(watched).toEqual([]);
	const made = await post("h", "host");
	expect(made.status).toBe(201);
	expect(made.answer).toContain("H264/90000");
	expect(ingest.events.filter(({ topic }) => topic === "slots")).toEqual([]);
});

test("it is said from the first who watches to the last", async () => {
	const [first, second] = [await post("g", "host"), await post("h", "host")];
	await until("the news", () => watched.length > 0);
	await fetch(first.location, { method: "DELETE" });
	expect(watched.every(([webinarId, watching]) => webinarId === WEBINAR && watching)).toBe(true);
	await fetch(second.location, { method: "DELETE" });
	await until("the end", () => watched.at(-1)?.[1] === false);
	expect(watched.filter(([, watching]) => !watching)).toHaveLength(1);
});
