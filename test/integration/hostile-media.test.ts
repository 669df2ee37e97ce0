import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { frame } from "../../ingest/feed/framing.ts";
import { startIngest } from "../../ingest/test-support/ingest-server.ts";
import { bindingRequest } from "../../ingest/test-support/media-peer.ts";
import { until } from "../../ingest/test-support/until.ts";
import { looksLike, publish, red, subscribe } from "../../ingest/test-support/webrtc-client.ts";
import { Corpus, MediaAttacker } from "../support/media-attacker.ts";
import { NetworkLink } from "../support/network-link.ts";

const TONE_HZ = 700;
const LOOPBACK = "127.0.0.1";
/** What vitest, libwebrtc and a busy collector may take; every attack sends more than this. */
const TOLERATED_GROWTH_BYTES = 200e6;

let ingest: Awaited<ReturnType<typeof startIngest>>;
/** Between the clients and the server: the attacker reads along, and sends in their names. */
let uplink: NetworkLink;
let downlink: NetworkLink;
let publisher: Awaited<ReturnType<typeof publish>>;
let subscriber: Awaited<ReturnType<typeof subscribe>>;
let attacker: MediaAttacker;
const corpus = new Corpus(400);
const threads: { worker: Worker; ended: boolean }[] = [];
const onWorker = (worker: Worker) => {
	const thread = { worker, ended: false };
	worker.on("exit", () => {
		thread.ended = true;
	});
	threads.push(thread);
};
const log: string[] = [];
const secrets: string[] = [];
let threadsBefore = 0;
let residentBefore = 0;

beforeAll(async () => {
	process.on("worker", onWorker);
	const write = (line: string) => log.push(line);
	ingest = await startIngest({ log: createLog({ level: "debug", pretty: false, stream: { write } }) });
	threadsBefore = threads.length;
	const server = { address: LOOPBACK, port: ingest.mediaPort };
	uplink = await NetworkLink.open(server, 1);
	downlink = await NetworkLink.open(server, 2);
	for (const link of [uplink, downlink]) link.onUp = (datagram) => corpus.add(datagram);
	const tokens = [await ingest.token("a"), await ingest.token("v")] as const;
	publisher = await publish(ingest.whip, tokens[0], {
		colour: red,
		toneHz: TONE_HZ,
		rewrite: (answer) => uplink.rewrite(answer),
	});
	await until("the publisher", () => ingest.events.some(({ topic }) => topic === "publisher-present"));
	subscriber = await subscribe(ingest.whep, tokens[1], 1, (answer) => downlink.rewrite(answer));
	secrets.push(...tokens);
	for (const { location, answer, connection } of [publisher, subscriber]) {
		secrets.push(location.split("/").at(-1) ?? "");
		for (const sdp of [answer, connection.localDescription?.sdp ?? ""]) secrets.push(passwordOf(sdp));
	}
	attacker = await MediaAttacker.open(ingest.mediaPort, [uplink, downlink]);
	await mediaGoesOn();
	await until("enough to attack with", () => corpus.media.length === 400 && corpus.stun.length > 10);
	expect(corpus.dtls.length).toBeGreaterThan(4);
	// What is sent again has been handled before: who is faster than the client gets its media until its next check.
	for (const link of [uplink, downlink]) link.onUp = () => {};
	residentBefore = process.memoryUsage.rss();
});

afterEach(async () => {
	await mediaGoesOn();
	expect(threads.map(({ ended }) => ended)).toEqual(Array(threadsBefore).fill(false));
	expect(ingest.events.filter(({ topic }) => topic === "session-ended" || topic === "publisher-gone")).toEqual([]);
	expect(ingest.failures).toEqual([]);
	const { stolen } = attacker;
	attacker.answers.length = 0;
	expect(stolen).toBe(0);
	expect(process.memoryUsage.rss() - residentBefore).toBeLessThan(TOLERATED_GROWTH_BYTES);
});

afterAll(async () => {
	for (const part of [publisher, subscriber, attacker, uplink, downlink]) part?.close();
	process.off("worker", onWorker);
	await ingest.close();
});

/** The subscriber decodes new pictures and the sound of the publisher's. */
async function mediaGoesOn(): Promise<void> {
	const [slot] = subscriber.slots;
	const before = slot?.frames ?? 0;
	await until("new pictures", () => (slot?.frames ?? 0) > before + 10 && looksLike(slot?.colour, red));
	await until("the sound", () => slot?.tone([TONE_HZ]));
}

const field = (sdp: string, name: string) => new RegExp(`^a=${name}:(\\S+)`, "m").exec(sdp)?.[1] ?? "";
const passwordOf = (sdp: string) => field(sdp, "ice-pwd");
const packetsIn = async () => {
	const text = await ingest.metrics.getSingleMetricAsString("rostrum_rtp_packets_total");
	return Number(/direction="in"} (\d+)/.exec(text)?.[1]);
};

/** A request under the publisher's right fragment, as changed by `change`. */
function forged(change: (genuine: Buffer) => Buffer): Buffer {
	const password = "a password that is none";
	return change(bindingRequest({ ufrag: field(publisher.answer, "ice-ufrag"), password }, { fingerprint: 0 }));
}

function attribute(type: number, value: Buffer): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(value.length, 2);
	return Buffer.concat([head, value]);
}

/** Without its last `cut` bytes, with `tail` after it, and a length that fits. */
function resized(request: Buffer, cut: number, ...tail: Buffer[]): Buffer {
	const message = Buffer.concat([request.subarray(0, request.length - cut), ...tail]);
	message.writeUInt16BE(message.length - 20, 2);
	return message;
}

function typed(request: Buffer, type: number): Buffer {
	request.writeUInt16BE(type, 0);
	return request;
}

const INTEGRITY_AND_FINGERPRINT_BYTES = 24 + 8;
const same = (request: Buffer) => request;
const integrity = () => attribute(0x0008, randomBytes(20));
const stunForgeries: [string, () => Buffer][] = [
	["a wrong password", () => forged(same)],
	["no password", () => forged((request) => resized(request, INTEGRITY_AND_FINGERPRINT_BYTES))],
	["an empty fragment", () => bindingRequest({ ufrag: "", password: "x" })],
	["another's fragment", () => bindingRequest({ ufrag: "abcd", password: "x" })],
	[
		"integrity after the fingerprint",
		() => forged((request) => resized(request, INTEGRITY_AND_FINGERPRINT_BYTES, request.subarray(-8), integrity())),
	],
	[
		"integrity of one byte",
		() => forged((request) => resized(request, 32, attribute(8, Buffer.alloc(1)), Buffer.alloc(3))),
	],
	["integrity that never ends", () => forged((request) => resized(request, 32, Buffer.from([0, 8, 0xff, 0xff])))],
	["an attribute of 60 KB", () => forged((request) => resized(request, 0, attribute(0x8022, Buffer.alloc(60_000))))],
	["a thousand attributes", () => forged((request) => resized(request, 32, Buffer.alloc(4_000), integrity()))],
	["an answer", () => forged((request) => typed(request, 0x0101))],
	["an indication", () => forged((request) => typed(request, 0x0011))],
	...[1, 8, 19, 20, 24, 40, 60].map((length): [string, () => Buffer] => [
		`a genuine request cut to ${length} bytes`,
		() => corpus.stun[0]?.subarray(0, length) ?? Buffer.alloc(0),
	]),
	[
		"a genuine request under another fingerprint",
		() => {
			const bent = Buffer.from(corpus.stun[0] ?? []);
			bent.writeUInt8(bent.readUInt8(bent.length - 1) ^ 1, bent.length - 1);
			return bent;
		},
	],
	[
		"a genuine request with USE-CANDIDATE put in",
		() => {
			const genuine = corpus.stun[0] ?? Buffer.alloc(0);
			return resized(
				Buffer.concat([genuine.subarray(0, 20), attribute(0x25, Buffer.alloc(0)), genuine.subarray(20)]),
				0,
			);
		},
	],
];

test("forged checks get no answer and no media, whoever sends them", async () => {
	const forgeries = stunForgeries.map(([, make]) => make()).filter((datagram) => datagram.length > 0);
	const flood = Array.from({ length: 50 }, () => forgeries).flat();
	await attacker.sendAsStranger(flood);
	await attacker.sendAsClients(flood.filter((datagram) => datagram.length < 4_000));
	await mediaGoesOn();
	expect(attacker.answers.length).toBe(0);
});

test("genuine checks sent again from elsewhere get no more than an answer", async () => {
	const nominating = corpus.stun.filter((datagram) => datagram.includes(Buffer.from([0, 0x25, 0, 0])));
	expect(nominating.length).toBeGreaterThan(0);
	await attacker.sendAsStranger(corpus.stun);
	await until("the answers", () => attacker.answers.length > 0);
	const { frames = 0 } = subscriber.slots[0] ?? {};
	await until("media that was not led astray", () => (subscriber.slots[0]?.frames ?? 0) > frames + 20, 4_000);
	for (let round = 0; round < 20; round++) await attacker.sendAsStranger(nominating);
	await mediaGoesOn();
	// A binding success is hardly longer than its request: nobody is flooded by way of us.
	expect(Math.max(...attacker.answers.map(({ length }) => length))).toBeLessThan(120);
	await attacker.reconnect();
});

/** `fragment`: a handshake message's type, whole length, offset and bytes, in a record of its own. */
function handshake(type: number, length: number, offset: number, bytes: Buffer): Buffer {
	const head = Buffer.alloc(13 + 12);
	head.writeUInt8(22, 0);
	head.writeUInt16BE(0xfefd, 1);
	head.writeUIntBE(Math.floor(Math.random() * 2 ** 32), 5, 6);
	head.writeUInt16BE(12 + bytes.length, 11);
	head.writeUInt8(type, 13);
	head.writeUIntBE(length, 14, 3);
	head.writeUIntBE(offset, 19, 3);
	head.writeUIntBE(bytes.length, 22, 3);
	return Buffer.concat([head, bytes]);
}

function record(contentType: number, epoch: number, bytes: Buffer): Buffer {
	const head = Buffer.alloc(13);
	head.writeUInt8(contentType, 0);
	head.writeUInt16BE(0xfefd, 1);
	head.writeUInt16BE(epoch, 3);
	head.writeUIntBE(Math.floor(Math.random() * 2 ** 40), 5, 6);
	head.writeUInt16BE(bytes.length, 11);
	return Buffer.concat([head, bytes]);
}

test("DTLS of an attacker's ends, disturbs and fills nothing", async () => {
	const flood = Array.from({ length: 300 }, (_, at) => [
		record(21, 0, Buffer.from([2, 0])),
		record(21, 0, Buffer.from([1, 0])),
		record(21, 1, randomBytes(26)),
		record(23, 1, randomBytes(200)),
		record(20, 0, Buffer.from([1])),
		record(22, 0, randomBytes(300)),
		record(22, 1, randomBytes(300)),
		handshake(1, 0xff_ffff, at, randomBytes(1_000)),
		handshake(11, 0xff_ffff, at * 1_000, randomBytes(1_000)),
		handshake(16, 66, 0, randomBytes(66)),
		handshake(20, 12, 0, randomBytes(12)),
		handshake(2, 70, 0, randomBytes(70)),
		handshake(1, 200, 0, randomBytes(10)),
		Buffer.from("16fefd0000000000000000ffff", "hex"),
	]).flat();
	for (const send of [attacker.sendAsStranger, attacker.sendAsClients]) {
		await send.call(attacker, [...corpus.dtls, ...flood, ...corpus.dtls]);
	}
	await mediaGoesOn();
	expect(attacker.answers.length).toBe(0);
});

test("media that was recorded is forwarded once, and what was bent never", async () => {
	const bent = corpus.media.map((datagram) => {
		const copy = Buffer.from(datagram);
		const at = Math.floor(Math.random() * copy.length);
		copy.writeUInt8(copy.readUInt8(at) ^ (1 << Math.floor(Math.random() * 8)), at);
		return copy;
	});
	// As if it were new: sequence numbers ahead of the genuine ones.
	const ahead = corpus.media.map((datagram) => {
		const copy = Buffer.from(datagram);
		copy.writeUInt16BE((copy.readUInt16BE(2) + 20_000) & 0xffff, 2);
		return copy;
	});
	const attack = [...corpus.media, ...bent, ...ahead, ...corpus.media];
	const before = { packets: await packetsIn(), sent: uplink.up.sent };
	for (let round = 0; round < 10; round++) await attacker.sendAsClients(attack);
	await attacker.sendAsStranger(attack);
	await mediaGoesOn();
	// Snapshots of the workers' counts come once a second.
	const genuine = uplink.up.sent - before.sent;
	expect(attack.length * 10).toBeGreaterThan(10 * genuine);
	expect((await packetsIn()) - before.packets).toBeLessThan(genuine + 200);
	expect(attacker.answers.length).toBe(0);
});

const mutation = fc.record({
	datagram: fc.nat(),
	flips: fc.array(fc.tuple(fc.nat(1_500), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 }),
	cut: fc.option(fc.nat(1_500), { nil: undefined }),
	tail: fc.uint8Array({ maxLength: 60 }),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutated(genuine: Buffer[], { datagram, flips, cut, tail }: Mutation): Buffer {
	const copy = Buffer.concat([genuine[datagram % genuine.length] ?? Buffer.alloc(1), tail]).subarray(0, cut);
	for (const [at, mask] of flips) {
		if (copy.length > 0) copy.writeUInt8(copy.readUInt8(at % copy.length) ^ mask, at % copy.length);
	}
	return copy;
}

test("mutations of genuine datagrams do no harm", async () => {
	const kinds = [corpus.stun, corpus.dtls, corpus.media].filter(({ length }) => length > 0);
	for (const genuine of kinds) {
		await fc.assert(
			fc.asyncProperty(fc.array(mutation, { minLength: 50, maxLength: 50 }), async (mutations) => {
				const datagrams = mutations.map((how) => mutated(genuine, how));
				await attacker.sendAsStranger(datagrams);
				await attacker.sendAsClients(datagrams);
			}),
			{ seed: 20_260_721, numRuns: 60, endOnFailure: true },
		);
		await mediaGoesOn();
	}
});

async function open(port: number): Promise<Socket & { ended?: boolean }> {
	const socket: Socket & { ended?: boolean } = connect(port, LOOPBACK);
	socket.on("error", () => {});
	socket.on("close", () => {
		socket.ended = true;
	});
	socket.resume();
	await new Promise((done) => {
		socket.once("connect", done);
		socket.once("close", done);
	});
	return socket;
}

test("TCP connections that prove nothing are ended, however many and however slow", async () => {
	const sockets: (Socket & { ended?: boolean })[] = [];
	try {
		for (let at = 0; at < 1_000; at++) sockets.push(await open(ingest.mediaPort));
		await until("the oldest to make room", () => sockets.filter(({ ended }) => !ended).length <= 200);
		const slow = await open(ingest.mediaPort);
		const oversize = await open(ingest.mediaPort);
		const garbage = await open(ingest.mediaPort);
		sockets.push(slow, oversize, garbage);
		oversize.write(Buffer.concat([Buffer.from([0xff, 0xff]), randomBytes(10_000)]));
		const sentAtMs = Date.now();
		await until("the end of who frames too much", () => oversize.ended, 2_000);
		for (let at = 0; at < 200; at++) garbage.write(frame(randomBytes(200)));
		const framed = frame(forged(same));
		for (let at = 0; !slow.ended && Date.now() - sentAtMs < 10_000; at++) {
			slow.write(framed.subarray(at % framed.length, (at % framed.length) + 1));
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		await until("the end of all", () => sockets.every(({ ended }) => ended), 8_000);
	} finally {
		for (const socket of sockets) socket.destroy();
	}
});

test("the log has no secrets in it, and no line for each datagram", () => {
	expect(secrets.every((secret) => secret.length >= 20)).toBe(true);
	for (const secret of secrets) expect(log.filter((line) => line.includes(secret))).toEqual([]);
	expect(log.length).toBeLessThan(200);
	expect(log.filter((line) => JSON.parse(line).level >= 40)).toEqual([]);
});
