import { connect, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";

/** What all viewers share: they see the same, so that only the first has to look at it. */
export class Audience {
	/** One is enough: what was read is looked at before anything else is. */
	readonly readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
	/** The newest answer to each query: its bytes, and what it lists last. */
	readonly playlists = new Map<string, { bytes: Buffer; newest: Newest }>();
	/** By name, as the first viewer got them. */
	readonly parts = new Map<string, Buffer>();
	/** Of each part that came: how long after its listing, in ms. */
	readonly afterListingMs: number[] = [];
	/** When parts came, since the Unix epoch. */
	readonly arrivals: { name: string; atMs: number }[] = [];
	readonly faults: string[] = [];
	requests = 0;
	bytes = 0;
	/** From when on anything counts. */
	counting = false;
}

export interface Newest {
	msn: number;
	/** Index within its segment. */
	part: number;
	/** Name of it. */
	uri: string;
}

const KEPT_PLAYLISTS = 32;
const KEPT_PARTS = 32;

/**
 * Watches one rendition as a player does, over one connection: asks for the playlist with the part that comes next, which
 * blocks, then for that part, and so on. What it gets is compared byte for byte with what the others got.
 */
export class SimulatedViewer {
	readonly #audience: Audience;
	readonly #host: string;
	readonly #path: string;
	readonly #socket: Socket;
	#newest: Newest | undefined;
	/** What was asked: a playlist's query, or a part's name. */
	#asked = "";
	#asksPart = false;
	#askedAtMs = 0;
	/** Head of an answer that has not wholly come. */
	#head: Buffer | undefined;
	/** Of the answer's body. */
	#length = 0;
	#received = 0;
	/** Of a playlist, and of a part that nobody had before. */
	#body: Buffer | undefined;
	/** The part as another got it. */
	#known: Buffer | undefined;
	#closed = false;

	/** `url`: of a media playlist. */
	constructor(url: URL, audience: Audience) {
		this.#audience = audience;
		this.#host = url.host;
		this.#path = url.pathname;
		const read = (count: number, buffer: Uint8Array) => {
			this.#read((buffer as Buffer).subarray(0, count));
			return true;
		};
		const onread = { buffer: audience.readBuffer, callback: read };
		this.#socket = connect({ host: url.hostname, port: Number(url.port), onread });
		this.#socket.setNoDelay(true);
		this.#socket.on("connect", () => this.#askPlaylist());
		this.#socket.on("error", (error) => this.#fault(`connection: ${error.message}`));
		this.#socket.on("close", () => {
			if (!this.#closed) this.#fault("connection closed");
		});
	}

	close(): void {
		this.#closed = true;
		this.#socket.destroy();
	}

	#askPlaylist(): void {
		const newest = this.#newest;
		this.#ask(newest ? `?_HLS_msn=${newest.msn}&_HLS_part=${newest.part + 1}` : "", false);
	}

	#ask(what: string, isPart: boolean): void {
		this.#asked = what;
		this.#asksPart = isPart;
		this.#askedAtMs = performance.now();
		this.#length = -1;
		this.#received = 0;
		this.#body = undefined;
		this.#known = undefined;
		const path = isPart ? this.#path.replace(/[^/]*$/, what) : this.#path + what;
		this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAccept-Encoding: gzip\r\n\r\n`, "latin1");
	}

	#read(chunk: Buffer): void {
		if (this.#closed) return;
		let rest = chunk;
		if (this.#length < 0) {
			const all = this.#head ? Buffer.concat([this.#head, rest]) : rest;
			const end = all.indexOf("\r\n\r\n");
			if (end < 0) {
				this.#head = Buffer.from(all);
				return;
			}
			this.#head = undefined;
			if (!this.#readHead(all.toString("latin1", 0, end + 2))) return;
			rest = all.subarray(end + 4);
		}
		this.#readBody(rest);
	}

	#readHead(head: string): boolean {
		const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
		if (head.startsWith("HTTP/1.1 200 ") && length !== undefined) {
			this.#length = Number(length);
			if (this.#asksPart) this.#known = this.#audience.parts.get(this.#asked);
			if (this.#known && this.#known.length !== this.#length) return this.#fault(`another length of ${this.#asked}`);
			if (!this.#known) this.#body = Buffer.allocUnsafe(this.#length);
			return true;
		}
		return this.#fault(`${head.split("\r\n", 1)[0]} for ${this.#asked}`);
	}

	#readBody(chunk: Buffer): void {
		if (this.#received + chunk.length > this.#length) return void this.#fault(`more than was said of ${this.#asked}`);
		if (this.#body) chunk.copy(this.#body, this.#received);
		else if (chunk.compare(this.#known as Buffer, this.#received, this.#received + chunk.length) !== 0)
			return void this.#fault(`other bytes of ${this.#asked}`);
		this.#received += chunk.length;
		if (this.#received < this.#length) return;
		this.#audience.requests++;
		this.#audience.bytes += this.#length;
		if (this.#asksPart) this.#tookPart();
		else this.#tookPlaylist();
	}

	#tookPart(): void {
		const { parts, counting, afterListingMs, arrivals } = this.#audience;
		if (this.#body) keep(parts, this.#asked, this.#body, KEPT_PARTS);
		if (counting) {
			const nowMs = performance.now();
			afterListingMs.push(nowMs - this.#askedAtMs);
			arrivals.push({ name: this.#asked, atMs: performance.timeOrigin + nowMs });
		}
		this.#askPlaylist();
	}

	#tookPlaylist(): void {
		const { playlists } = this.#audience;
		const bytes = this.#body as Buffer;
		const seen = playlists.get(this.#asked);
		// Whoever asks late gets a later one.
		const newest = seen?.bytes.equals(bytes) ? seen.newest : newestOf(bytes);
		if (!newest) return void this.#fault(`no part in the playlist ${this.#asked}`);
		if (newest !== seen?.newest) keep(playlists, this.#asked, { bytes, newest }, KEPT_PLAYLISTS);
		this.#newest = newest;
		this.#ask(newest.uri, true);
	}

	#fault(what: string): false {
		this.#audience.faults.push(what);
		this.close();
		return false;
	}
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
	map.set(key, value);
	if (map.size > most) map.delete(map.keys().next().value as string);
}

function newestOf(body: Buffer): Newest | undefined {
	const text = (body[0] === 0x1f ? gunzipSync(body) : body).toString("latin1");
	const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
	const wholes = [...text.matchAll(/^#EXTINF/gm)].length;
	const open = [...text.slice(text.lastIndexOf("#EXTINF")).matchAll(/^#EXT-X-PART:.*URI="([^"]+)"/gm)];
	const last = [...text.matchAll(/^#EXT-X-PART:.*URI="([^"]+)"/gm)].at(-1)?.[1];
	if (last === undefined) return undefined;
	// Between two segments, the part that comes next is the first of the next.
	return { msn: first + wholes, part: open.length - 1, uri: last };
}
