import { expect, test } from "vitest";
import { Reception } from "./reception.ts";

test("loss, jitter and the round trip's numbers are those of RFC 3550", () => {
	const reception = new Reception(5, 90_000);
	expect(reception.block(0)).toBeUndefined();
	// One packet every 10 ms, each second one 1 ms late; 2 of 10 lost.
	for (const index of [0, 1, 2, 4, 5, 6, 8, 9])
		reception.onPacket(65_530 + index, (index * 900) >>> 0, 1000 + index * 10 + (index % 2));
	reception.onSenderReport(0xe2345678_9abcdef0n, 1100);
	const block = reception.block(1600);
	expect(block).toMatchObject({
		ssrc: 5,
		fractionLost: 51,
		packetsLost: 2,
		highestSequence: 65_539,
		lastReport: 0x56789abc,
		delaySinceLastReport: 32_768,
	});
	expect(block?.jitter).toBeGreaterThan(15);
	expect(block?.jitter).toBeLessThan(90);
	expect([reception.packets, reception.lost]).toEqual([8, 2]);
	expect(reception.jitterMs).toBeCloseTo((block?.jitter ?? 0) / 90, 1);
	reception.onPacket(65_540, 9000, 1610);
	reception.onPacket(65_533, 2700, 1611);
	expect(reception.block(2000)).toMatchObject({ fractionLost: 0, packetsLost: 1 });
});
