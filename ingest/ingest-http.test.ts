import { afterAll, beforeAll, expect, test } from "vitest";
import { startIngest } from "./test-support/ingest-server.ts";
import { publishOffer, subscribeOffer } from "./test-support/offers.ts";
import { until } from "./test-support/until.ts";

let ingest: Awaited<ReturnType<typeof startIngest>>;
let token: string;
beforeAll(async () => {
	ingest = await startIngest();
	token = await ingest.token("a");
});
afterAll(() => ingest.close());

function post(url: string, body: string) {
	const headers = { authorization: `Bearer ${token}`, "content-type": "application/sdp" };
	return fetch(url, { method: "POST", body, headers });
}

test("names of sessions are capabilities, and who publishes again ends their earlier session", async () => {
	const first = (await post(ingest.whip, publishOffer)).headers.get("location") ?? "";
	expect(first.slice(ingest.whip.length)).toMatch(/^\/[\w-]{32}$/);
	const second = (await post(ingest.whip, publishOffer)).headers.get("location") ?? "";
	expect((await fetch(first)).status).toBe(404);
	expect((await fetch(second)).status).toBe(200);
	expect((await fetch(second, { method: "DELETE" })).status).toBe(200);
	expect((await fetch(second)).status).toBe(404);
});

test("setup is answered as RFC 8842 has it", async () => {
	for (const [offered, answered] of [
		["active", "passive"],
		["passive", "active"],
	] as const) {
		const made = await post(ingest.whip, publishOffer.replaceAll("actpass", offered));
		expect(await made.text()).toContain(`a=setup:${answered}\r\n`);
		await fetch(made.headers.get("location") ?? "", { method: "DELETE" });
	}
});

test("an ordinary player is told to come back when nobody publishes; a stage waits in its slots", async () => {
	const ordinary = await post(ingest.whep, subscribeOffer(1));
	expect(ordinary.headers.get("retry-after")).toBe("2");
	expect([ordinary.status, await ordinary.json()]).toMatchObject([409, { code: "no-source" }]);
	const stage = await post(ingest.whep, subscribeOffer(9));
	expect(stage.status).toBe(201);
	const location = stage.headers.get("location") ?? "";
	const slots = await until("its slots", () => ingest.events.find(({ topic }) => topic === "slots"));
	expect(slots.event).toMatchObject({ session: location.split("/").at(-1), people: Array(9).fill(null) });
	expect((await fetch(location, { method: "DELETE" })).status).toBe(200);
	expect((await fetch(location)).status).toBe(404);
});

test("a player hears how many watch, and chooses a size; its stream ends with its session", async () => {
	const [one, two] = [await post(ingest.whep, subscribeOffer(2)), await post(ingest.whep, subscribeOffer(2))];
	const session = one.headers.get("location") ?? "";
	const other = two.headers.get("location") ?? "";
	const made = await fetch(`${session}/events`, { method: "POST" });
	const events = await fetch(made.headers.get("location") ?? "");
	const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	const read = async (until: string) => {
		while (!text.includes(until)) {
			const { value, done } = (await reader?.read()) ?? { done: true };
			if (done) throw new Error(`the stream ended after ${text}`);
			text += value;
		}
	};
	await read('event: viewercount\ndata: {"viewercount":2}\n\n');
	const choose = (body: object) =>
		fetch(`${session}/layer`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	expect((await choose({ mediaId: "3", maxHeight: 180 })).status).toBe(200);
	expect((await choose({ mediaId: "2", maxHeight: 180 })).status).toBe(400);
	await fetch(other, { method: "DELETE" });
	await read('event: viewercount\ndata: {"viewercount":1}\n\n');
	await fetch(session, { method: "DELETE" });
	await expect(read("nothing more")).rejects.toThrow("the stream ended");
	expect(text).not.toMatch(/active/);
});

test("ICE is restarted under new credentials and another ETag", async () => {
	const made = await post(ingest.whip, publishOffer);
	const session = made.headers.get("location") ?? "";
	const restart = (headers: Record<string, string>) =>
		fetch(session, {
			method: "PATCH",
			headers: { "content-type": "application/trickle-ice-sdpfrag", ...headers },
			body: "a=group:BUNDLE 0 1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n",
		});
	const restarted = await restart({ "if-match": "*" });
	expect(restarted.status).toBe(200);
	const credentials = (text: string) => text.match(/^a=ice-(ufrag|pwd):.*$/gm)?.slice(0, 2);
	const fragment = await restarted.text();
	expect(credentials(fragment)).toHaveLength(2);
	expect(credentials(fragment)).not.toEqual(credentials(await made.text()));
	expect(fragment).toMatch(/^a=candidate:1 1 udp /m);
	expect(fragment).toMatch(/ tcp .* tcptype passive\r\n/);
	expect(restarted.headers.get("etag")).not.toBe(made.headers.get("etag"));
	expect((await restart({ "if-match": made.headers.get("etag") ?? "" })).status).toBe(412);
	expect((await restart({ "if-match": restarted.headers.get("etag") ?? "" })).status).toBe(204);
	await fetch(session, { method: "DELETE" });
});
