import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { personFiguresSchema } from "../core/protocol/figures.ts";
import { createMemoryBus } from "../core/runtime/bus.ts";
import type { Session } from "./sessions.ts";
import { Sessions } from "./sessions.ts";
import type { LayerFigures, PublisherFigures } from "./sfu/publisher-figures.ts";
import type { SlotFigures, SubscriberFigures } from "./sfu/subscriber-figures.ts";
import { countPackets, downFigures, lossBetween, StageFigures, upFigures } from "./stage-figures.ts";
import type { WorkerSnapshot } from "./workers/worker-messages.ts";

const layer = (of: Partial<LayerFigures> = {}): LayerFigures => ({
	kind: "video",
	rid: undefined,
	ssrc: 1,
	codec: "VP8",
	width: 640,
	height: 360,
	active: true,
	bitsPerSecond: 500_000.4,
	packets: 100,
	lost: 0,
	jitterMs: 3.4,
	keyframes: 1,
	nacksSent: 0,
	plisSent: 0,
	freezes: 0,
	...of,
});
const published = (...layers: LayerFigures[]): PublisherFigures => ({
	rttMs: 41.6,
	tracks: layers.map((one) => ({ kind: one.kind, layers: [one] })),
});
const slot = (of: Partial<SlotFigures> = {}): SlotFigures => ({
	slot: 0,
	kind: "video",
	personId: "p-aaaaaaaaaaaa",
	source: "camera",
	rid: "h",
	height: 720,
	bitsPerSecond: 900_000,
	packets: 1,
	lost: 0,
	jitterMs: 1,
	nacks: 0,
	resends: 0,
	plis: 0,
	keyframes: 1,
	layerSwitches: 0,
	freezes: 0,
	paused: false,
	...of,
});
const sent = (...slots: SlotFigures[]): SubscriberFigures => ({
	rttMs: undefined,
	estimateBitsPerSecond: 2_000_000.7,
	slots,
});

test("what comes up is the sum of all layers; those left out are not named", () => {
	const figures = published(
		layer({ kind: "audio", height: undefined, bitsPerSecond: 40_000, jitterMs: 12.2 }),
		layer({ rid: "l", height: 180, freezes: 2 }),
		layer({ rid: "h", active: false, bitsPerSecond: 0, jitterMs: 900 }),
	);
	const up = upFigures(figures, "camera", 0.012);
	expect(up).toEqual({
		bitsPerSecond: 540_000,
		lossShare: 0.012,
		rttMs: 42,
		jitterMs: 12,
		freezes: 2,
		layers: [{ source: "camera", rid: "l", height: 180, bitsPerSecond: 500_000 }],
	});
	expect(upFigures({ rttMs: undefined, tracks: [] }, "screen", 0)).toEqual({
		bitsPerSecond: 0,
		lossShare: 0,
		jitterMs: 0,
		freezes: 0,
		layers: [],
	});
});

test("loss is that since the figures before; late packets and new numberings are none", () => {
	const counts = (packets: number, lost: number) => countPackets(published(layer({ packets, lost })));
	expect(lossBetween(undefined, counts(75, 25))).toBe(0.25);
	expect(lossBetween(counts(75, 25), counts(165, 35))).toBe(0.1);
	expect(lossBetween(counts(75, 25), counts(165, 25))).toBe(0);
	expect(lossBetween(counts(75, 25), counts(180, 20))).toBe(0);
	expect(lossBetween(counts(75, 25), counts(3, 0))).toBe(0);
	expect(lossBetween(counts(75, 25), counts(75, 35))).toBe(1);
});

test("what goes down names the slots that show somebody, and those that are held back", () => {
	const idle = { bitsPerSecond: 0, rid: undefined, height: undefined };
	const down = downFigures(
		sent(
			slot({ lost: 0.1 }),
			slot({ kind: "audio", bitsPerSecond: 100_000, lost: 0.2 }),
			slot({ slot: 1, ...idle, lost: 1, paused: true }),
			slot({ slot: 2, ...idle, personId: undefined }),
		),
	);
	expect(down).toEqual({
		bitsPerSecond: 1_000_000,
		estimateBitsPerSecond: 2_000_001,
		lossShare: 0.11,
		paused: [1],
		layers: [{ slot: 0, rid: "h", height: 720, bitsPerSecond: 900_000 }],
	});
});

const PERSON = "p-aaaaaaaaaaaa";
let sessions: Sessions;
let snapshot: WorkerSnapshot;
let told: { webinarId: string; people: object[] }[];
let figures: StageFigures;
beforeEach(() => {
	vi.useFakeTimers();
	sessions = new Sessions();
	snapshot = { packetsIn: 0, packetsOut: 0, publishers: [], subscribers: [] };
	told = [];
	const bus = createMemoryBus({
		onError(error) {
			throw error;
		},
	});
	bus.subscribe("stage-figures", (event) => told.push(event));
	figures = new StageFigures({ plane: { sessions, snapshots: [snapshot] }, bus });
});
afterEach(() => {
	figures.close();
	vi.useRealTimers();
});

function add(of: Pick<Session, "session" | "kind"> & Partial<Session>): Session {
	const session = { webinarId: "w1", personId: PERSON, source: "camera", present: true, ...of } as Session;
	sessions.add(session);
	return session;
}

async function next() {
	told.length = 0;
	await vi.advanceTimersByTimeAsync(2_000);
	return told;
}

test("each webinar is told of, person by person, until its last session has gone", async () => {
	const camera = add({ session: "s1", kind: "publisher" });
	const screen = add({ session: "s2", kind: "publisher", source: "screen" });
	const old = add({ session: "s3", kind: "subscriber" });
	const page = add({ session: "s4", kind: "subscriber" });
	const elsewhere = add({ session: "s5", kind: "subscriber", webinarId: "w2" });
	const coming = add({ session: "s6", kind: "publisher", webinarId: "w3", present: false });
	const ofCamera = { ...camera, packets: 0, figures: published(layer({ packets: 90, lost: 10 })) };
	const ofScreen = { ...screen, packets: 0, figures: published(layer({ freezes: 3, jitterMs: 20 })) };
	snapshot.publishers = [ofCamera, ofScreen, { ...coming, packets: 0, figures: published() }];
	snapshot.subscribers = [old, page, elsewhere].map((session, at) => ({
		...session,
		packets: 0,
		layers: [],
		figures: sent(slot({ bitsPerSecond: at })),
	}));

	expect(await next()).toMatchObject([
		{
			webinarId: "w1",
			people: [
				{
					personId: PERSON,
					up: {
						bitsPerSecond: 1_000_000,
						lossShare: 0.1,
						rttMs: 42,
						jitterMs: 20,
						freezes: 3,
						layers: [{ source: "camera" }, { source: "screen" }],
					},
					down: { bitsPerSecond: 1 },
				},
			],
		},
		{ webinarId: "w2", people: [{ personId: PERSON, down: { bitsPerSecond: 2 } }] },
	]);
	for (const { people } of told) for (const person of people) expect(personFiguresSchema.parse(person)).toEqual(person);

	// The same counts again are no loss; a session that ended is not told of, whatever its worker said last.
	sessions.remove(elsewhere);
	sessions.remove(page);
	expect(await next()).toMatchObject([
		{ webinarId: "w1", people: [{ up: { lossShare: 0 }, down: { bitsPerSecond: 0 } }] },
		{ webinarId: "w2", people: [] },
	]);
	expect((await next()).map(({ webinarId }) => webinarId)).toEqual(["w1"]);
	figures.close();
	expect(await next()).toEqual([]);
});
