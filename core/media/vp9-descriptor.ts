/** The payload descriptor in front of each packet's part of a VP9 frame (RFC 9628 section 4.2). */
export interface Vp9Descriptor {
	/** Bytes it takes; the rest of the payload is the frame's. */
	length: number;
	/** First and last packet of a frame, which is one spatial layer of a picture. */
	beginsFrame: boolean;
	endsFrame: boolean;
	/** 0 is the lowest, and the only one where none is told. */
	spatialLayer: number;
}

const PICTURE_ID = 0x80;
const INTER_PREDICTED = 0x40;
const LAYERS = 0x20;
const FLEXIBLE = 0x10;
const BEGINS = 0x08;
const ENDS = 0x04;
const STRUCTURE = 0x02;
const MAX_REFERENCES = 3;

/** Undefined when the payload ends within the descriptor, or the descriptor breaks the rules. */
export function readVp9Descriptor(payload: Uint8Array): Vp9Descriptor | undefined {
	const first = payload[0];
	if (first === undefined) return undefined;
	let at = 1;
	let spatialLayer = 0;
	if ((first & PICTURE_ID) !== 0) at += ((payload[at] ?? 0) & 0x80) !== 0 ? 2 : 1;
	if ((first & LAYERS) !== 0) {
		spatialLayer = ((payload[at] ?? 0) >> 1) & 7;
		at += (first & FLEXIBLE) !== 0 ? 1 : 2; // TL0PICIDX in the mode that is not flexible
	}
	if ((first & FLEXIBLE) !== 0 && (first & INTER_PREDICTED) !== 0) {
		let references = 1;
		while (((payload[at++] ?? 0) & 1) !== 0) if (references++ === MAX_REFERENCES) return undefined;
	}
	if ((first & STRUCTURE) !== 0) at += structureLength(payload, at);
	if (at > payload.length) return undefined;
	return { length: at, beginsFrame: (first & BEGINS) !== 0, endsFrame: (first & ENDS) !== 0, spatialLayer };
}

/** Of the scalability structure (section 4.2.1) that begins at `start`. */
function structureLength(payload: Uint8Array, start: number): number {
	const head = payload[start] ?? 0;
	let at = start + 1;
	if ((head & 0x10) !== 0) at += 4 * ((head >> 5) + 1); // a size for each spatial layer
	if ((head & 0x08) !== 0) {
		const pictures = payload[at++] ?? 0;
		for (let picture = 0; picture < pictures && at < payload.length; picture++)
			at += 1 + (((payload[at] ?? 0) >> 2) & 3);
	}
	return at - start;
}
