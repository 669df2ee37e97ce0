/** What an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3) says. */
export interface AvcConfig {
	/** Of the length before each NAL unit. */
	lengthBytes: number;
	/** Sequence and picture parameter sets, in this order. */
	parameterSets: Buffer[];
}

/** @throws RangeError when it is cut short */
export function readAvcConfig(record: Buffer): AvcConfig {
	const lengthBytes = (record.readUInt8(4) & 3) + 1;
	const parameterSets: Buffer[] = [];
	let at = 5;
	for (const countMask of [0x1f, 0xff]) {
		let count = record.readUInt8(at++) & countMask;
		for (; count > 0; count--) {
			const length = record.readUInt16BE(at);
			parameterSets.push(record.subarray(at + 2, at + 2 + length));
			at += 2 + length;
		}
	}
	return { lengthBytes, parameterSets };
}

/** The NAL units of one coded frame, each behind its length. @throws RangeError when one is cut short */
export function splitUnits(frame: Buffer, lengthBytes: number): Buffer[] {
	const units: Buffer[] = [];
	for (let at = 0; at < frame.length; ) {
		const start = at + lengthBytes;
		at = start + frame.readUIntBE(at, lengthBytes);
		if (at > frame.length) throw new RangeError("a NAL unit is cut short");
		units.push(frame.subarray(start, at));
	}
	return units;
}
