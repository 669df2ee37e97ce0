import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import { programmeLogSchema } from "../../core/protocol/programme-log.ts";
import type { LayoutKind, TileId } from "../../core/protocol/scene.ts";
import { ADMIN_TOKEN, ControlBench } from "../control.test-support.ts";
import { MAX_CHANGES } from "../programme-log.ts";
import { openStore } from "../store/store.ts";

const ANN: TileId = { personId: "p-annannannann", source: "camera" };
const BEN: TileId = { personId: "p-benbenbenben", source: "camera" };
const SLIDES: TileId = { personId: "p-annannannann", source: "screen" };
const START = Date.parse("2026-11-21T12:00:00.000Z");

let bench: ControlBench;
let id: string;
beforeEach(async () => {
	bench = await ControlBench.start();
	({ id } = await bench.createWebinar());
});
afterEach(() => bench.close());

/** What the transcoder says `atS` seconds after `START`. */
function say(atS: number, change: { layout?: LayoutKind; people: TileId[]; speaker?: TileId | null }): void {
	const { layout = "grid", people, speaker = null } = change;
	const event: EventTopics["programme-change"] = { webinarId: id, at: START + atS * 1000, layout, people, speaker };
	bench.bus.publish("programme-change", event);
}

async function read(query = "", token: string = ADMIN_TOKEN) {
	const answer = await bench.request("GET", `/api/webinars/${id}/programme-log${query}`, { token });
	return { ...answer, page: () => programmeLogSchema.parse(answer.body) };
}

test("a host reads who was on air, the layout and the speaker, with the programme's time", async () => {
	say(0, { people: [] });
	say(1.25, { people: [ANN] });
	say(3, { people: [ANN], speaker: ANN });
	say(60, { layout: "picture-in-picture", people: [SLIDES, ANN, BEN], speaker: ANN });
	const { token } = await bench.invite(id, "host");
	const answer = await read("", token);
	expect(answer.status).toBe(200);
	expect(answer.body).toEqual({
		items: [
			{ at: "2026-11-21T12:00:00.000Z", layout: "grid", people: [], speaker: null },
			{ at: "2026-11-21T12:00:01.250Z", layout: "grid", people: [ANN], speaker: null },
			{ at: "2026-11-21T12:00:03.000Z", layout: "grid", people: [ANN], speaker: ANN },
			{
				at: "2026-11-21T12:01:00.000Z",
				layout: "picture-in-picture",
				people: [SLIDES, ANN, BEN],
				speaker: ANN,
			},
		],
	});
});

test("a programme that begins again as it was adds nothing, also when the server did too", async () => {
	const same = { people: [ANN, BEN], speaker: BEN };
	say(0, same);
	say(5, same);
	expect((await read()).page().items).toHaveLength(1);
	await bench.close({ keepData: true });
	bench = await ControlBench.start({ dataDir: bench.dataDir });
	say(9, same);
	say(10, { people: [ANN], speaker: null });
	const { items } = (await read()).page();
	expect(items.map(({ at, people }) => [at.slice(17, 19), people.length])).toEqual([
		["00", 2],
		["10", 1],
	]);
});

test("it comes in pages, each webinar's apart", async () => {
	const other = await bench.createWebinar();
	for (let i = 0; i < 7; i++) say(i, { people: i % 2 === 0 ? [ANN] : [BEN] });
	const seconds: string[] = [];
	let next: string | undefined;
	let pages = 0;
	do {
		const page = (await read(`?limit=3${next === undefined ? "" : `&next=${next}`}`)).page();
		seconds.push(...page.items.map(({ at }) => at.slice(18, 19)));
		next = page.next;
		pages++;
	} while (next !== undefined);
	expect([pages, seconds.join("")]).toEqual([3, "0123456"]);
	id = other.id;
	expect((await read()).body).toEqual({ items: [] });
});

test("only its newest changes are kept", async () => {
	say(0, { people: [ANN] });
	say(1, { people: [BEN] });
	expect((await read()).page().items).toHaveLength(2);
	await bench.close({ keepData: true });
	const store = await openStore({ dataDir: bench.dataDir });
	await store.updateTable("programme_changes").set({ number: MAX_CHANGES }).where("number", "=", 2).execute();
	await store.destroy();
	bench = await ControlBench.start({ dataDir: bench.dataDir });
	say(2, { people: [] });
	expect((await read()).page().items.map(({ people }) => people)).toEqual([[BEN], []]);
});

test("it goes with its webinar, and a change that comes later harms nothing", async () => {
	say(0, { people: [ANN] });
	await read();
	await bench.request("DELETE", `/api/webinars/${id}`, { token: ADMIN_TOKEN });
	say(1, { people: [] });
	expect(await read()).toMatchObject({ status: 404, body: { code: "webinar-unknown" } });
	expect((await bench.createWebinar()).state).toBe("scheduled");
});

test("others than hosts do not read it, and what is asked must make sense", async () => {
	const presenter = await bench.invite(id, "presenter");
	expect(await read("", presenter.token)).toMatchObject({ status: 403, body: { code: "forbidden" } });
	for (const query of ["?limit=0", "?limit=501", "?next=x", "?next=-1", "?next=99999999999999999999"]) {
		expect(await read(query)).toMatchObject({ status: 400, body: { code: "invalid-parameter" } });
	}
});
