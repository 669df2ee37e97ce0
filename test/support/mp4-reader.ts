/** One box; `content` is what follows its size and type. */
export interface Mp4Box {
	type: string;
	/** Bytes from the start of the file. */
	offset: number;
	content: Buffer;
}

export interface InitTrack {
	trackId: number;
	/** `vide` or `soun` */
	handler: string;
	/** Ticks per second. */
	timescale: number;
	/** Type of the sample entry: `avc1`, `mp4a`. */
	sampleEntry: string;
}

export interface FragmentTrack {
	trackId: number;
	/** Ticks; undefined when there is no tfdt. */
	decodeTime: number | undefined;
	defaultBaseIsMoof: boolean;
	samples: FragmentSample[];
}

export interface FragmentSample {
	/** Ticks. */
	duration: number;
	sync: boolean;
	data: Buffer;
}

/** The boxes of a file or of a container box. @throws Error when sizes do not add up */
export function readBoxes(bytes: Buffer, start = 0): Mp4Box[] {
	const boxes: Mp4Box[] = [];
	for (let at = 0; at < bytes.length; ) {
		const size = at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0;
		if (size < 8 || at + size > bytes.length) throw new Error(`a box of ${size} bytes at ${start + at}`);
		boxes.push({
			type: bytes.toString("latin1", at + 4, at + 8),
			offset: start + at,
			content: bytes.subarray(at + 8, at + size),
		});
		at += size;
	}
	return boxes;
}

/** Every box at `path` below `boxes`: `find(boxes, "moov", "trak")`. */
export function findBoxes(boxes: Mp4Box[], ...path: string[]): Mp4Box[] {
	const [type, ...below] = path;
	const found = boxes.filter((box) => box.type === type);
	if (below.length === 0) return found;
	return found.flatMap(({ content, offset }) => findBoxes(readBoxes(content, offset + 8), ...below));
}

/** @throws Error when there is no box there */
function theBox(boxes: Mp4Box[], ...path: string[]): Mp4Box {
	const [box] = findBoxes(boxes, ...path);
	if (!box) throw new Error(`no box ${path.join("/")}`);
	return box;
}

/** The tracks of an initialization section. @throws Error when it is none */
export function readInit(bytes: Buffer): { brands: string[]; fragmented: boolean; tracks: InitTrack[] } {
	const boxes = readBoxes(bytes);
	const ftyp = theBox(boxes, "ftyp").content.toString("latin1");
	const tracks = findBoxes(boxes, "moov", "trak").map(({ content }) => {
		const trak = readBoxes(content);
		return {
			trackId: theBox(trak, "tkhd").content.readUInt32BE(12),
			handler: theBox(trak, "mdia", "hdlr").content.toString("latin1", 8, 12),
			timescale: theBox(trak, "mdia", "mdhd").content.readUInt32BE(12),
			sampleEntry: theBox(trak, "mdia", "minf", "stbl", "stsd").content.toString("latin1", 12, 16),
		};
	});
	const brands = [ftyp.slice(0, 4), ...(ftyp.slice(8).match(/.{4}/gs) ?? [])];
	return { brands, fragmented: findBoxes(boxes, "moov", "mvex", "trex").length === tracks.length, tracks };
}

/** The movie fragments of a part or segment, each by track. @throws Error when a sample lies outside its mdat */
export function readFragments(bytes: Buffer): FragmentTrack[][] {
	const boxes = readBoxes(bytes);
	return boxes
		.filter(({ type }) => type === "moof")
		.map((moof) => {
			const mdat = boxes[boxes.indexOf(moof) + 1];
			if (mdat?.type !== "mdat") throw new Error("no mdat after a moof");
			return findBoxes(readBoxes(moof.content), "traf").map((traf) =>
				readTraf(readBoxes(traf.content), bytes, moof.offset, mdat),
			);
		});
}

function readTraf(traf: Mp4Box[], bytes: Buffer, moofOffset: number, mdat: Mp4Box): FragmentTrack {
	const { tfhd, defaults, trackId } = readTfhd(theBox(traf, "tfhd").content);
	const [tfdt] = findBoxes(traf, "tfdt");
	const trun = theBox(traf, "trun").content;
	const flags = trun.readUInt32BE(0) & 0xffffff;
	let at = 8;
	let offset = moofOffset;
	const field = (bit: number, otherwise: number) => {
		if ((flags & bit) === 0) return otherwise;
		at += 4;
		return trun.readUInt32BE(at - 4);
	};
	offset += field(1, 0);
	const samples = Array.from({ length: trun.readUInt32BE(4) }, () => {
		const duration = field(0x100, defaults.duration);
		const size = field(0x200, defaults.size);
		const sync = (field(0x400, defaults.flags) & 0x10000) === 0;
		const data = bytes.subarray(offset, offset + size);
		if (offset < mdat.offset + 8 || offset + size > mdat.offset + 8 + mdat.content.length) {
			throw new Error(`a sample of track ${trackId} lies outside its mdat`);
		}
		offset += size;
		return { duration, sync, data };
	});
	return {
		trackId,
		decodeTime: tfdt && Number(tfdt.content[0] === 1 ? tfdt.content.readBigUInt64BE(4) : tfdt.content.readUInt32BE(4)),
		defaultBaseIsMoof: (tfhd & 0x20000) !== 0,
		samples,
	};
}

function readTfhd(content: Buffer) {
	const tfhd = content.readUInt32BE(0) & 0xffffff;
	let at = 8;
	const field = (bit: number, bytes = 4) => {
		if ((tfhd & bit) === 0) return 0;
		at += bytes;
		return content.readUInt32BE(at - 4);
	};
	field(1, 8);
	field(2);
	const defaults = { duration: field(8), size: field(0x10), flags: field(0x20) };
	return { tfhd, defaults, trackId: content.readUInt32BE(4) };
}
