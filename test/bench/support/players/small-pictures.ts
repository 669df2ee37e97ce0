/** A picture is read as eight by eight blocks, of which the first three rows hold the time (see burnt-clock.js). */
const BLOCKS_A_ROW = 8;
const BLOCKS = BLOCKS_A_ROW * BLOCKS_A_ROW;
const TIME_BITS = 24;
/** Of grey pictures that are 64 by 64 bytes: eight for each block, read at its centre. */
const SIDE = 64;
const BLOCK_SIDE = SIDE / BLOCKS_A_ROW;

/** Milliseconds, of a range of 2^24. */
export function timeIn(blocks: number[]): number {
	let time = 0;
	for (let bit = 0; bit < TIME_BITS; bit++) if ((blocks[bit] ?? 0) > 127) time += 2 ** bit;
	return time;
}

/** Takes a stream of raw grey pictures of 64 by 64 bytes apart. */
export function grayPictures(onPicture: (blocks: number[]) => void): (chunk: Buffer) => void {
	let rest: Buffer = Buffer.alloc(0);
	return (chunk) => {
		rest = Buffer.concat([rest, chunk]);
		for (; rest.length >= SIDE * SIDE; rest = rest.subarray(SIDE * SIDE)) {
			const picture = rest;
			onPicture(
				Array.from({ length: BLOCKS }, (_, block) => {
					const [column, row] = [block % BLOCKS_A_ROW, Math.floor(block / BLOCKS_A_ROW)];
					return picture[(row + 0.5) * BLOCK_SIDE * SIDE + (column + 0.5) * BLOCK_SIDE] ?? 0;
				}),
			);
		}
	};
}

/** Takes pictures apart that are drawn in a terminal, as eight by eight spaces with backgrounds of 24 bits. */
export function terminalPictures(onPicture: (blocks: number[]) => void): (chunk: Buffer) => void {
	let rest = "";
	let blocks: number[] = [];
	return (chunk) => {
		rest += chunk.toString("latin1");
		let readTo = 0;
		for (const match of rest.matchAll(/\[48;2;(\d+);\d+;\d+m/g)) {
			readTo = match.index + match[0].length;
			if (blocks.push(Number(match[1])) < BLOCKS) continue;
			onPicture(blocks);
			blocks = [];
		}
		rest = rest.slice(readTo);
	};
}
