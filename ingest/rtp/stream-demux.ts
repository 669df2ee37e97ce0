import type { MediaKind } from "../sdp/codecs.ts";
import type { DeclaredSsrc, ExtensionIds, PublishedMedia } from "../sdp/session-media.ts";
import { extensionLength, extensionStart, findExtension, payloadTypeOf, ssrcOf } from "./rtp-packet.ts";

/** What an SSRC carries. */
export interface DemuxedStream {
	readonly ssrc: number;
	/** Which m= line: index in the agreed media. */
	readonly line: number;
	/** Which encoding of it: index among its rids, else among its declared SSRCs, else 0. */
	readonly encoding: number;
	/** Retransmissions of that encoding (RFC 4588). */
	readonly repair: boolean;
	lastPacketMs: number;
}

/** Simulcast layers of one m= line; more are ignored. */
const MAX_ENCODINGS = 3;
/** Another SSRC takes an encoding's place only after this much silence, so that two cannot fight over it. */
const TAKEOVER_MS = 1_000;

interface Place {
	line: number;
	encoding: number;
	repair: boolean;
}

/**
 * Finds out what each SSRC of a bundled connection carries (RFC 9143 section 9.2, RFC 8852): by the MID and RID in its
 * packets, else by what the SDP declared, else by its payload type where that leaves no doubt. What was found once stays:
 * senders leave MID and RID out after a while. No more SSRCs are remembered than there are places for them.
 */
export class StreamDemux {
	readonly #lines: Line[];
	readonly #declared = new Map<number, Place>();
	readonly #bySsrc = new Map<number, DemuxedStream>();
	/** Who carries an encoding now, by `placeKey`. */
	readonly #holders = new Map<number, DemuxedStream>();

	constructor(media: PublishedMedia[]) {
		this.#lines = media.map((line) => new Line(line));
		this.#lines.forEach(({ ssrcs }, line) => {
			ssrcs.forEach(({ ssrc, rtxSsrc }, encoding) => {
				this.#declare(ssrc, { line, encoding, repair: false });
				if (rtxSsrc !== undefined) this.#declare(rtxSsrc, { line, encoding, repair: true });
			});
		});
	}

	/** SSRCs remembered. */
	get size(): number {
		return this.#bySsrc.size;
	}

	/** `packet`: valid RTP. Undefined when nothing says what it is, or when another SSRC carries that and is not silent. */
	find(packet: Buffer, nowMs: number): DemuxedStream | undefined {
		const ssrc = ssrcOf(packet);
		const stream = this.#bySsrc.get(ssrc) ?? this.#bind(packet, ssrc, nowMs);
		if (stream === undefined || this.#lines[stream.line]?.carries(packet, stream.repair) !== true) return undefined;
		stream.lastPacketMs = nowMs;
		return stream;
	}

	#declare(ssrc: number, place: Place): void {
		if (!this.#declared.has(ssrc)) this.#declared.set(ssrc, place);
	}

	#bind(packet: Buffer, ssrc: number, nowMs: number): DemuxedStream | undefined {
		const place = this.#placeOf(packet, ssrc);
		if (!place || !this.#lines[place.line]?.carries(packet, place.repair)) return undefined;
		const key = placeKey(place);
		const holder = this.#holders.get(key);
		if (holder) {
			if (nowMs - holder.lastPacketMs < TAKEOVER_MS) return undefined;
			this.#bySsrc.delete(holder.ssrc);
		}
		const stream = { ssrc, ...place, lastPacketMs: nowMs };
		this.#holders.set(key, stream);
		this.#bySsrc.set(ssrc, stream);
		return stream;
	}

	#placeOf(packet: Buffer, ssrc: number): Place | undefined {
		const declared = this.#declared.get(ssrc);
		const line = this.#lineOf(packet, declared);
		const media = this.#lines[line];
		if (!media) return undefined;
		const repair = media.isRepair(packet);
		const own = declared?.line === line && declared.repair === repair ? declared : undefined;
		const encoding = media.encodingOf(packet, repair, own?.encoding);
		return encoding === undefined ? undefined : { line, encoding, repair };
	}

	/** -1 when there is none or no telling. A MID nobody agreed on is not made up for by anything else. */
	#lineOf(packet: Buffer, declared: Place | undefined): number {
		let named = false;
		for (const [index, { mid, extensions }] of this.#lines.entries()) {
			const found = extensions.mid === undefined ? -1 : findExtension(packet, extensions.mid);
			if (found < 0) continue;
			named = true;
			if (mid !== undefined && says(packet, found, mid)) return index;
		}
		if (named) return -1;
		if (declared) return declared.line;
		const candidates = this.#lines.filter((line) => line.carries(packet, line.isRepair(packet)));
		const [only] = candidates;
		if (!only || this.#lines.some((line) => line !== only && line.kind === only.kind)) return -1;
		return this.#lines.indexOf(only);
	}
}

/** What one m= line says about its packets. */
class Line {
	readonly kind: MediaKind;
	readonly mid: string | undefined;
	readonly extensions: ExtensionIds;
	readonly ssrcs: DeclaredSsrc[];
	readonly #rids: string[];
	readonly #encodings: number;
	/** By payload type. */
	readonly #media = new Uint8Array(128);
	readonly #repair = new Uint8Array(128);

	constructor({ kind, mid, extensions, rids, ssrcs, codecs }: PublishedMedia) {
		this.kind = kind;
		this.mid = mid;
		this.extensions = extensions;
		this.#rids = rids.slice(0, MAX_ENCODINGS);
		this.#encodings = this.#rids.length || Math.max(1, Math.min(MAX_ENCODINGS, ssrcs.length));
		this.ssrcs = ssrcs.slice(0, this.#encodings);
		for (const { payloadType, rtxPayloadType } of codecs) {
			this.#media[payloadType] = 1;
			if (rtxPayloadType !== undefined) this.#repair[rtxPayloadType] = 1;
		}
	}

	isRepair(packet: Buffer): boolean {
		return this.#repair[payloadTypeOf(packet)] === 1;
	}

	carries(packet: Buffer, repair: boolean): boolean {
		return (repair ? this.#repair : this.#media)[payloadTypeOf(packet)] === 1;
	}

	/** `declared`: what the SDP says about the SSRC. */
	encodingOf(packet: Buffer, repair: boolean, declared: number | undefined): number | undefined {
		const id = repair ? this.extensions.repairedRid : this.extensions.rid;
		const found = this.#rids.length === 0 || id === undefined ? -1 : findExtension(packet, id);
		if (found >= 0) {
			const encoding = this.#rids.findIndex((rid) => says(packet, found, rid));
			return encoding < 0 ? undefined : encoding;
		}
		return declared ?? (this.#encodings === 1 ? 0 : undefined);
	}
}

const placeKey = ({ line, encoding, repair }: Place): number =>
	(line * MAX_ENCODINGS + encoding) * 2 + (repair ? 1 : 0);

function says(packet: Buffer, found: number, text: string): boolean {
	const start = extensionStart(found);
	return packet.toString("latin1", start, start + extensionLength(found)) === text;
}
