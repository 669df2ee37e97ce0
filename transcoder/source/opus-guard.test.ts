import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { record } from "../test-support/feed.ts";
import { OpusGuard } from "./opus-guard.ts";
import { parseRtp, type RtpPacket } from "./rtp.ts";

const speech = "flite=text='Good morning. Today we talk about peaks, pockets, taps and sticks. Yes. No.':voice=slt";
const sources = {
	speech: `${speech},aresample=48000,apad`,
	tone: "sine=f=600:r=48000",
	drums: "aevalsrc='0.8*(2*random(0)-1)*exp(-40*mod(t\\,0.1))+0.5*sin(2*PI*60*t)*exp(-20*mod(t\\,0.2))':s=48000",
	arpeggio: "aevalsrc='0.4*sin(2*PI*(100*pow(2\\,floor(mod(t*23\\,7))))*t)*exp(-50*mod(t\\,0.043))':s=48000",
};
const recordings = new Map<string, Buffer[]>();
let guard: OpusGuard;
let seed: number;

function random(): number {
	seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
	return seed >> 16;
}

function packetsOf(name: keyof typeof sources): RtpPacket[] {
	return (recordings.get(name) ?? []).map((packet) => parseRtp(Buffer.from(packet)) as RtpPacket);
}

/** After how many packets it was no longer sane; undefined when it always was. */
function insaneAfter(packets: RtpPacket[]): number | undefined {
	for (const [index, packet] of packets.entries()) {
		guard.push(packet);
		if (!guard.sane) return index + 1;
	}
	return undefined;
}

const broken: Record<string, (payload: Buffer) => Buffer> = {
	"cut anywhere": (payload) => payload.subarray(0, 1 + (random() % payload.length)),
	"of random bytes": (payload) => Buffer.from(Array.from(payload, random)),
	"with frames that cannot be": (payload) => Buffer.concat([Buffer.from([payload.readUInt8(0) | 3, 0]), payload]),
};

beforeAll(async () => {
	const all = Object.entries(sources).map(async ([name, source]) => {
		const { packets } = await record("opus", source);
		recordings.set(
			name,
			packets.map(({ packet }) => packet),
		);
	});
	await Promise.all(all);
}, 60_000);

beforeEach(() => {
	guard = new OpusGuard();
	seed = 5;
});

describe("opus guard", () => {
	it.each(Object.keys(sources) as (keyof typeof sources)[])("lets %s through", (name) => {
		const packets = packetsOf(name);
		expect(packets.length).toBeGreaterThan(150);
		for (const packet of packets) {
			expect(guard.push(packet)).toBe(true);
			expect(guard.sane).toBe(true);
		}
	});

	it.each(Object.keys(broken))("notices packets %s within a second, and when they are whole again", (name) => {
		const packets = packetsOf("speech");
		const mangled = packets.map((packet) => ({ ...packet, payload: broken[name]?.(packet.payload) as Buffer }));
		expect(insaneAfter(packets.slice(0, 60))).toBeUndefined();
		expect(insaneAfter(mangled.slice(60, 120))).toBeLessThanOrEqual(50);
		for (const packet of mangled.slice(110, 120)) guard.push(packet);
		for (const packet of packets.slice(120, 175)) guard.push(packet);
		expect(guard.sane).toBe(true);
	});

	it("notices packets that reach into the next one's time", () => {
		const packets = packetsOf("tone").map((packet, index) => ({ ...packet, timestamp: index * 480 }));
		expect(insaneAfter(packets)).toBeLessThanOrEqual(16);
	});

	it("bears silences, losses and a change of configuration", () => {
		const packets = packetsOf("speech");
		for (const [index, packet] of packets.entries()) {
			const { payload, sequence, timestamp } = packet;
			if (index % 7 === 3) continue; // lost
			const silent = Math.floor(index / 5) % 3 === 1;
			const toc = payload.readUInt8(0) & (index > 100 ? ~4 : 0xff);
			const bytes = silent ? [toc] : [toc, ...payload.subarray(1)];
			guard.push({ ...packet, payload: Buffer.from(bytes), sequence, timestamp });
			expect(guard.sane).toBe(true);
		}
	});
});
