/** One ISO base media box (ISO/IEC 14496-12 section 4.2). */
export function box(type: string, ...content: Buffer[]): Buffer {
	const length = content.reduce((sum, part) => sum + part.length, 8);
	const head = Buffer.alloc(8);
	head.writeUInt32BE(length, 0);
	head.write(type, 4, "latin1");
	return Buffer.concat([head, ...content], length);
}

/** A box with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...content: Buffer[]): Buffer {
	return box(type, u32(version * 0x1000000 + flags), ...content);
}

export function u8(...values: number[]): Buffer {
	return Buffer.from(values);
}

export function u16(...values: number[]): Buffer {
	const bytes = Buffer.alloc(values.length * 2);
	for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
	return bytes;
}

export function u32(...values: number[]): Buffer {
	const bytes = Buffer.alloc(values.length * 4);
	for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
	return bytes;
}

export function u64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64BE(BigInt(value));
	return bytes;
}

export function zeros(length: number): Buffer {
	return Buffer.alloc(length);
}
