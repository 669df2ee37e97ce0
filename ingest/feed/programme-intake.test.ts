import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ProgrammeRequest, programmeAnswerSchema } from "../../core/protocol/feed.ts";
import { createLog } from "../../core/runtime/log.ts";
import { ntpOf } from "../rtp/round-trip.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import { senderReport } from "../rtp/rtcp-write.ts";
import { payloadTypeOf, rtpPayload, ssrcOf, timestampOf } from "../rtp/rtp-packet.ts";
import { Room } from "../sfu/room.ts";
import { fakePublisher, rtpPacket } from "../test-support/fake-publisher.ts";
import { fakeSubscriber } from "../test-support/fake-subscriber.ts";
import { until } from "../test-support/until.ts";
import { FeedServer } from "./feed-server.ts";
import { FrameReader, frame } from "./framing.ts";

const webinarId = "abcdefghijkl";
const request: ProgrammeRequest = {
	webinarId,
	publish: "programme",
	tracks: [
		{ kind: "video", codec: "H264", payloadType: 96, clockRate: 90_000, ssrc: 1 },
		{ kind: "audio", codec: "opus", payloadType: 111, clockRate: 48_000, ssrc: 2 },
	],
};
/** A sequence parameter set that begins a keyframe, and what follows. */
const KEY = "6764001eacd940";
const picture = (sequence: number, payload: string) =>
	rtpPacket({ payloadType: 96, ssrc: 1, sequence, timestamp: 3000 * sequence, payload });
const sound = (sequence: number, payload: string) =>
	rtpPacket({ payloadType: 111, ssrc: 2, sequence, timestamp: 960 * sequence, payload });

let directory: string;
let feedPath: string;
let server: FeedServer;
let room: Room;
let told: string[];
const sockets: Socket[] = [];
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "intake-"));
	feedPath = join(directory, "feed.sock");
	room = new Room(webinarId, { clock: { now: () => Date.now() } });
	told = [];
	room.on("slots", ({ personId }) => told.push(personId));
	room.on("present", ({ personId }) => told.push(personId));
	server = await FeedServer.listen(feedPath, {
		find: () => undefined,
		watching: () => (room.programmeWatched ? room : undefined),
		log: createLog({ level: "silent", pretty: false }),
	});
});
afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	room.close("test ends");
	await server.close();
	await rm(directory, { recursive: true });
});

/** A transcoder that asks to send the programme. */
function askToPublish() {
	const socket = connect(feedPath);
	sockets.push(socket);
	const reader = new FrameReader();
	const asked = {
		answer: undefined as object | undefined,
		ended: false,
		send: (...packets: Buffer[]) => send(packets),
	};
	socket.on("data", (chunk) => {
		for (const packet of reader.push(chunk)) asked.answer = programmeAnswerSchema.parse(JSON.parse(packet.toString()));
	});
	socket.on("close", () => {
		asked.ended = true;
	});
	const send = (packets: Buffer[]) => packets.forEach((packet) => void socket.write(frame(packet)));
	send([Buffer.from(JSON.stringify(request))]);
	return asked;
}

function watch(personId: string) {
	const fake = fakeSubscriber({ now: () => Date.now() }, { personId, programme: true });
	room.addSubscriber(fake.subscriber);
	fake.connect();
	return fake;
}

test("whoever watches the programme gets it, and nobody else; it has no part in the stage", async () => {
	const person = fakePublisher({ now: () => Date.now() }, { personId: "p-a" });
	room.addPublisher(person.publisher);
	person.connect();
	person.receive(rtpPacket({ payloadType: 111, ssrc: 5, sequence: 1, payload: "fc" }));
	const onStage = fakeSubscriber({ now: () => Date.now() }, { personId: "p-b" });
	room.addSubscriber(onStage.subscriber);
	onStage.connect();
	told.length = 0;
	const host = watch("p-host");
	const transcoder = askToPublish();
	expect(await until("the answer", () => transcoder.answer)).toEqual({ accepted: true });
	transcoder.send(sound(1, "fc01"), picture(1, `${KEY}01`), picture(2, "4102"), sound(2, "fc02"));
	const seen: Buffer[] = [];
	await until("the programme", () => seen.push(...host.sent()) >= 4);
	expect(seen.map((packet) => [ssrcOf(packet), payloadTypeOf(packet), rtpPayload(packet).toString("hex")])).toEqual([
		[100, 111, "fc01"],
		[200, 102, `${KEY}01`],
		[200, 102, "4102"],
		[100, 111, "fc02"],
	]);
	expect(onStage.sent().map(ssrcOf)).not.toContain(200);
	expect(room.publishers.map(({ personId }) => personId)).toEqual(["p-a"]);
	expect(told).toEqual([]);
	expect(host.subscriber.figures().slots.map(({ kind, personId, packets }) => [kind, personId, packets])).toEqual([
		["audio", "programme", 2],
		["video", "programme", 2],
	]);
	// Pictures and sound are of one clock.
	const ntp = ntpOf(Date.now());
	const report = (ssrc: number, rtpTimestamp: number) =>
		senderReport({ ssrc, ntp, rtpTimestamp, packets: 1, octets: 1 });
	host.connection.rtcp.length = 0;
	transcoder.send(report(1, 6000), report(2, 1920));
	const reports = await until("both reports", () => {
		room.tick();
		const read = host.connection.rtcp
			.flatMap((packet) => readRtcp(packet))
			.filter(({ type }) => type === "sender-report");
		return new Set(read.map((one) => one.type === "sender-report" && one.ssrc)).size === 2 ? read : undefined;
	});
	const elapsedMs = (kindSsrc: number, last: Buffer | undefined, clockRate: number) => {
		const found = reports.findLast((one) => one.type === "sender-report" && one.ssrc === kindSsrc);
		if (found?.type !== "sender-report" || !last) throw new Error("no report");
		return ((found.rtpTimestamp - timestampOf(last)) * 1000) / clockRate - Number((found.ntp - ntp) >> 32n) * 1000;
	};
	// Each last packet had the timestamp of the report.
	const ofPicture = elapsedMs(200, seen[2], 90_000);
	const ofSound = elapsedMs(100, seen[3], 48_000);
	expect(Math.abs(ofPicture - ofSound)).toBeLessThan(100);
});

test("a programme nobody watches is refused, and ends with the last who does", async () => {
	const refused = askToPublish();
	expect(await until("the answer", () => refused.answer)).toEqual({ error: "no-watcher" });
	const [first, second] = [watch("p-host"), watch("p-host-2")];
	const transcoder = askToPublish();
	await until("the answer", () => transcoder.answer);
	transcoder.send(picture(1, `${KEY}01`));
	await until("both to see it", () => first.sent().length > 0 && second.sent().length > 0);
	first.subscriber.close("deleted");
	transcoder.send(picture(2, "4102"));
	await until("the other to go on", () => second.sent().length > 0);
	expect(transcoder.ended).toBe(false);
	second.subscriber.close("deleted");
	await until("the end", () => transcoder.ended);
});

test("another process of the programme takes over, in one stream", async () => {
	const host = watch("p-host");
	const before = askToPublish();
	await until("the answer", () => before.answer);
	before.send(picture(700, `${KEY}01`));
	const seen: Buffer[] = [];
	await until("a picture", () => seen.push(...host.sent()) === 1);
	const after = askToPublish();
	await until("the earlier one to end", () => before.ended);
	after.send(picture(1, "4102"), picture(2, `${KEY}03`), picture(3, "4104"));
	await until("two more", () => seen.push(...host.sent()) === 3);
	expect(seen.map((packet) => rtpPayload(packet).at(-1))).toEqual([1, 3, 4]);
	const [a, b, c] = seen.map((packet) => packet.readUInt16BE(2));
	expect([b, c]).toEqual([((a ?? 0) + 1) & 0xffff, ((a ?? 0) + 2) & 0xffff]);
});
