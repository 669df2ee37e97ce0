import { type Cipheriv, createCipheriv } from "node:crypto";

/** Packets of a stream whose keystream is made in one go: a call into OpenSSL costs as much as a kilobyte of AES. */
const RUN_PACKETS = 16;
/** 1536 bytes: nothing longer fits an Ethernet frame, so it is not worth keeping keystream for. */
const MAX_RUN_BLOCKS = 96;
const BLOCK_WORDS = 4;
const BLOCK_BYTES = 16;

/**
 * The keystream of the packets that a stream is likely to have next. It takes 16 times the payload of the largest packet
 * of late: 19 KB for video, 3 KB for Opus, nothing before the second packet.
 */
export interface KeystreamRun {
	words: Uint32Array | undefined;
	/** Index of the first packet of the run; infinite before the stream's first packet. */
	first: number;
	/** Blocks for each packet. */
	blocks: number;
	/** Blocks of the largest packet since the run began. */
	largest: number;
}

export function emptyRun(): KeystreamRun {
	return { words: undefined, first: Number.POSITIVE_INFINITY, blocks: 0, largest: 0 };
}

/**
 * AES in counter mode (RFC 3711 section 4.1.1) for all streams under one key, as words to XOR with. The blocks come from
 * one cipher that lives on: ECB over the counters is what counter mode is made of, and needs no new cipher for each IV.
 * Words are in the machine's byte order, which is little-endian wherever Node runs.
 */
export class KeystreamSource {
	readonly #cipher: Cipheriv;
	readonly #salt = new Uint32Array(BLOCK_WORDS);
	#counters = new Uint32Array(0);
	#counterBytes = new Uint8Array(0);
	/** Where `find` found something. */
	words: Uint32Array = new Uint32Array(0);

	/** `key`: 16 bytes, `salt`: 14 bytes, both of the session. */
	constructor(key: Buffer, salt: Buffer) {
		this.#cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
		new Uint8Array(this.#salt.buffer).set(salt);
	}

	/**
	 * The keystream of packet `index` of `ssrc` lies in `words` from the offset that is returned, `bytes` long or longer, until
	 * the next call. Without a run, or for what is older than it, it is made for this packet alone.
	 */
	find(run: KeystreamRun | undefined, ssrc: number, index: number, bytes: number): number {
		const blocks = Math.ceil(bytes / BLOCK_BYTES);
		if (run && blocks <= MAX_RUN_BLOCKS) {
			const step = index - run.first;
			if (run.words && blocks <= run.blocks && step >= 0 && step < RUN_PACKETS) {
				if (blocks > run.largest) run.largest = blocks;
				this.words = run.words;
				return step * run.blocks * BLOCK_WORDS;
			}
			if (step >= RUN_PACKETS) return this.#beginRun(run, ssrc, index, blocks);
			if (run.first === Number.POSITIVE_INFINITY) run.first = index - RUN_PACKETS;
			if (blocks > run.largest) run.largest = blocks;
		}
		this.words = this.#make(ssrc, index, 1, blocks);
		return 0;
	}

	#beginRun(run: KeystreamRun, ssrc: number, index: number, blocks: number): number {
		run.blocks = Math.max(blocks, run.largest);
		run.largest = blocks;
		run.first = index;
		// Freed at once: left to the collector, some 30 MB a second of it outside the heap make V8 collect everything all the time.
		if (run.words) free(run.words);
		run.words = this.#make(ssrc, index, RUN_PACKETS, run.blocks);
		this.words = run.words;
		return 0;
	}

	#make(ssrc: number, firstIndex: number, packets: number, blocks: number): Uint32Array {
		const length = packets * blocks * BLOCK_WORDS;
		if (this.#counters.length < length) {
			this.#counters = new Uint32Array(length);
			this.#counterBytes = new Uint8Array(this.#counters.buffer);
		}
		const counters = this.#counters;
		const salt = this.#salt;
		const word0 = salt[0] as number;
		const word1 = (salt[1] as number) ^ swapBytes(ssrc);
		let at = 0;
		for (let packet = 0; packet < packets; packet++) {
			const index = firstIndex + packet;
			const word2 = (salt[2] as number) ^ swapBytes(Math.floor(index / 0x1_0000) >>> 0);
			const word3 = (salt[3] as number) ^ (swapBytes(index & 0xffff) >>> 16);
			for (let block = 0; block < blocks; block++) {
				counters[at] = word0;
				counters[at + 1] = word1;
				counters[at + 2] = word2;
				counters[at + 3] = word3 ^ swapBytes(block);
				at += BLOCK_WORDS;
			}
		}
		const bytes = this.#cipher.update(this.#counterBytes.subarray(0, length * 4));
		return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
	}
}

function free(words: Uint32Array): void {
	if (words.buffer instanceof ArrayBuffer) words.buffer.transfer(0);
}

function swapBytes(word: number): number {
	return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
