import fc from "fast-check";

/** What is done to an RTP packet on its way. */
type Mischief =
	| { kind: "none" | "lose" | "repeat" | "marker" }
	| { kind: "flip"; changes: [number, number][] }
	| { kind: "cut"; bytes: number }
	| { kind: "replace"; payload: Uint8Array }
	| { kind: "extension"; words: number }
	| { kind: "jump"; sequence: number; timestamp: number };

export const mischief: fc.Arbitrary<Mischief> = fc.oneof(
	fc.record({ kind: fc.constantFrom("none", "lose", "repeat", "marker") }),
	fc.record({ kind: fc.constant("flip"), changes: fc.array(fc.tuple(fc.nat(1200), fc.nat(255)), { maxLength: 20 }) }),
	fc.record({ kind: fc.constant("cut"), bytes: fc.nat(1200) }),
	fc.record({ kind: fc.constant("replace"), payload: fc.uint8Array({ maxLength: 200 }) }),
	fc.record({ kind: fc.constant("extension"), words: fc.nat(0xffff) }),
	fc.record({ kind: fc.constant("jump"), sequence: fc.nat(0xffff), timestamp: fc.nat(0xffff_ffff) }),
) as fc.Arbitrary<Mischief>;

/** What arrives in the place of a packet; its RTP header may be broken as well. */
export function broken(packet: Buffer, done: Mischief): Buffer[] {
	const copy = Buffer.from(packet);
	if (done.kind === "lose") return [];
	if (done.kind === "repeat") return [copy, copy];
	if (done.kind === "marker") copy[1] = (copy[1] ?? 0) ^ 0x80;
	else if (done.kind === "cut") return [copy.subarray(0, done.bytes)];
	else if (done.kind === "replace") return [Buffer.concat([copy.subarray(0, 12), done.payload])];
	else if (done.kind === "flip") {
		for (const [at, by] of done.changes) if (at > 11 && at < copy.length) copy[at] = (copy[at] ?? 0) ^ by;
	} else if (done.kind === "extension" && copy.length >= 16) {
		copy[0] = 0x90;
		copy.writeUInt16BE(done.words, 14);
	} else if (done.kind === "jump") {
		copy.writeUInt16BE(done.sequence, 2);
		copy.writeUInt32BE(done.timestamp, 4);
	}
	return [copy];
}

/** A keyframe of 16384x16384, which is all a decoder needs to allocate 400 MB. */
export const absurdKeyframes = {
	VP8: "1050020a9d012affffffff00aabbccdd",
	H264: "6742c01eda001000008011",
	VP9: "0c8249834223fff3fff0000000aabb",
	AV1: "280d080000000eefffffff800000003010aa",
};
