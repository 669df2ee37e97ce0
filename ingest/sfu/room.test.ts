import { expect, test } from "vitest";
import type { MediaSource } from "../../core/protocol/stage.ts";
import { rtpPayload, ssrcOf } from "../rtp/rtp-packet.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import { fakeSubscriber } from "../test-support/fake-subscriber.ts";
import { Room } from "./room.ts";

const KEY = "10009d012a";

function setUp() {
	const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
	const room = new Room("abcdefghijkl", { clock });
	const told: [string, (string | null)[], (MediaSource | null)[]][] = [];
	room.on("slots", ({ personId, people, sources }) => told.push([personId, people, sources]));
	let nextSsrc = 10;

	function join(personId: string, source: MediaSource = "camera") {
		const fake = fakePublisher(clock, { personId, source });
		const ssrc = nextSsrc;
		nextSsrc += 2;
		let sequence = 0;
		room.addPublisher(fake.publisher);
		fake.connect();
		return {
			publisher: fake.publisher,
			/** One packet of each kind; the payloads end in the SSRC they were sent under. */
			send(level?: number) {
				sequence++;
				const timestamp = 48 * (clock.nowMs - 1_000_000);
				const common = { sequence, timestamp };
				const sound = rtpPacket({ ...common, payloadType: 111, ssrc, payload: `fc${hex(ssrc)}` });
				const extension = Buffer.from(`bede000110${hex(level ?? 0)}0000`, "hex");
				if (level !== undefined) sound.writeUInt8(0x90, 0);
				const withLevel = Buffer.concat([sound.subarray(0, 12), extension, sound.subarray(12)]);
				fake.receive(level === undefined ? sound : withLevel);
				fake.receive(rtpPacket({ ...common, payloadType: 96, ssrc: ssrc + 1, payload: `${KEY}${hex(ssrc + 1)}` }));
			},
			ssrc,
		};
	}

	function subscribe(slots: number, personId = "p-zzzzzzzzzzzz") {
		const fake = fakeSubscriber(clock, { slots, personId });
		room.addSubscriber(fake.subscriber);
		fake.connect();
		return {
			...fake,
			/** By our SSRC, the publisher's SSRC that is at the end of the payload. */
			seen: () => new Map(fake.sent().map((packet) => [ssrcOf(packet), rtpPayload(packet).at(-1)])),
		};
	}

	/** `levels`: by publisher; everybody sends every 20 ms. */
	function pass(durationMs: number, levels: [ReturnType<typeof join>, number | undefined][]) {
		for (const end = clock.nowMs + durationMs; clock.nowMs < end; clock.nowMs += 20) {
			for (const [publisher, level] of levels) publisher.send(level);
			room.tick();
		}
	}
	return { clock, room, told, join, subscribe, pass };
}

const hex = (value: number) => value.toString(16).padStart(2, "0");

test("an ordinary client gets the speaker's picture and sound, and a screen's picture while there is one", () => {
	const { told, join, subscribe, pass } = setUp();
	const [a, b] = [join("a"), join("b")];
	const viewer = subscribe(1);
	pass(200, [
		[a, 100],
		[b, 100],
	]);
	viewer.sent();
	pass(60, [
		[a, 100],
		[b, 100],
	]);
	expect(viewer.seen()).toEqual(
		new Map([
			[100, a.ssrc],
			[200, a.ssrc + 1],
		]),
	);
	pass(3000, [
		[a, 100],
		[b, 10],
	]);
	viewer.sent();
	pass(60, [
		[a, 100],
		[b, 10],
	]);
	expect(viewer.seen()).toEqual(
		new Map([
			[100, b.ssrc],
			[200, b.ssrc + 1],
		]),
	);
	const screen = join("a", "screen");
	screen.send();
	expect(told.at(-1)).toEqual(["p-zzzzzzzzzzzz", ["a"], ["screen"]]);
	pass(200, [
		[a, 100],
		[b, 10],
		[screen, undefined],
	]);
	viewer.sent();
	pass(60, [
		[a, 100],
		[b, 10],
		[screen, undefined],
	]);
	expect(viewer.seen()).toEqual(
		new Map([
			[100, b.ssrc],
			[200, screen.ssrc + 1],
		]),
	);
	screen.publisher.close("deleted");
	expect(told.at(-1)).toEqual(["p-zzzzzzzzzzzz", ["b"], ["camera"]]);
});

test("nobody sees their own camera or screen; the one of another comes first", () => {
	const { told, join, subscribe } = setUp();
	join("a");
	join("b");
	join("a", "screen");
	subscribe(3, "a");
	expect(told.at(-1)).toEqual(["a", ["b", null, null], ["camera", null, null]]);
	subscribe(3, "b");
	expect(told.at(-1)).toEqual(["b", ["a", "a", null], ["screen", "camera", null]]);
});

test("with more people than slots, who begins to speak takes the place of who was silent longest", () => {
	const { told, join, subscribe, pass } = setUp();
	const [a, b, c] = [join("a"), join("b"), join("c")];
	subscribe(2);
	expect(told.at(-1)?.[1]).toEqual(["a", "b"]);
	pass(5000, [
		[a, 100],
		[b, 20],
		[c, 100],
	]);
	const before = told.length;
	pass(1000, [
		[a, 100],
		[b, 20],
		[c, 20],
	]);
	expect(told.slice(before).map(([, people]) => people)).toEqual([["c", "b"]]);
	// a now speaks with them: both were heard a moment ago, so nobody is pushed out.
	pass(3000, [
		[a, 15],
		[b, 20],
		[c, 20],
	]);
	expect(told.length).toBe(before + 1);
});

test("who sends no levels is heard by the loudness of the decoded sound", () => {
	const { room, clock, told, join, subscribe, pass } = setUp();
	const [a, b] = [join("a"), join("b")];
	subscribe(1);
	for (let round = 0; round < 20; round++) {
		pass(200, [
			[a, 60],
			[b, undefined],
		]);
		room.onLoudness("b", 20);
		// Of someone with levels of their own it is not listened to.
		room.onLoudness("a", 0);
		room.onLoudness("nobody", 0);
	}
	expect(told.at(-1)?.[1]).toEqual(["b"]);
	expect(clock.nowMs).toBeGreaterThan(1_000_000);
});

test("a camera and a screen of one person are two publishers; each replaces only its own kind", () => {
	const { room, join } = setUp();
	const [camera, screen] = [join("a"), join("a", "screen")];
	const closed: string[] = [];
	camera.publisher.on("closed", () => closed.push("camera"));
	screen.publisher.on("closed", () => closed.push("screen"));
	const again = join("a", "screen");
	expect(closed).toEqual(["screen"]);
	expect([room.publisher("a", "camera"), room.publisher("a", "screen")]).toEqual([camera.publisher, again.publisher]);
	room.close("webinar closed");
	expect([closed, room.publishers]).toEqual([["screen", "camera"], []]);
});
