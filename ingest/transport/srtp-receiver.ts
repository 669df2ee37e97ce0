import { rtpHeaderLength } from "../rtp/rtp-packet.ts";
import { RTCP_CLEAR_BYTES, type SrtpCipher } from "./srtp-cipher.ts";
import type { SrtpReceiver } from "./srtp-context.ts";
import { emptyRun, type KeystreamRun } from "./srtp-keystream.ts";
import { estimateIndex, ReplayWindow } from "./srtp-replay.ts";

/** Retransmissions come late, so the window is wide: about two seconds of a busy video track. */
const RTP_WINDOW = 1024;
/** RTCP is a few packets a second, and nobody sends it twice. */
const RTCP_WINDOW = 128;
/** Streams of one connection; more would let a peer fill our memory with made-up SSRCs. */
const MAX_STREAMS = 64;

interface Stream {
	window: ReplayWindow;
	run: KeystreamRun | undefined;
}

/** Opens for one connection. */
export class OpeningReceiver implements SrtpReceiver {
	readonly #cipher: SrtpCipher;
	readonly #rtp = new Map<number, Stream>();
	readonly #rtcp = new Map<number, ReplayWindow>();

	constructor(cipher: SrtpCipher) {
		this.#cipher = cipher;
	}

	unprotectRtp(datagram: Buffer): Buffer | undefined {
		const end = datagram.length - this.#cipher.rtpOverhead;
		const headerLength = rtpHeaderLength(datagram);
		if (headerLength < 0 || headerLength > end) return undefined;
		const ssrc = datagram.readUInt32BE(8);
		const known = this.#rtp.get(ssrc);
		const index = estimateIndex(datagram.readUInt16BE(2), known ? known.window.highest : -1);
		if (index < 0 || (known ? known.window.isReplayed(index) : this.#rtp.size >= MAX_STREAMS)) return undefined;
		if (!this.#cipher.openRtp(datagram, headerLength, index, known?.run)) return undefined;
		const { window } = known ?? this.#add(ssrc);
		window.accept(index);
		return datagram.subarray(0, end);
	}

	unprotectRtcp(datagram: Buffer): Buffer | undefined {
		const end = datagram.length - this.#cipher.rtcpOverhead;
		if (end < RTCP_CLEAR_BYTES) return undefined;
		const ssrc = datagram.readUInt32BE(4);
		const known = this.#rtcp.get(ssrc);
		const index = datagram.readUInt32BE(datagram.length - this.#cipher.rtcpIndexFromEnd) & 0x7fffffff;
		if (known ? known.isReplayed(index) : this.#rtcp.size >= MAX_STREAMS) return undefined;
		if (!this.#cipher.openRtcp(datagram)) return undefined;
		const window = known ?? new ReplayWindow(RTCP_WINDOW);
		window.accept(index);
		if (!known) this.#rtcp.set(ssrc, window);
		return datagram.subarray(0, end);
	}

	/** Only for what is authentic. */
	#add(ssrc: number): Stream {
		const stream = { window: new ReplayWindow(RTP_WINDOW), run: this.#cipher.runsAhead ? emptyRun() : undefined };
		this.#rtp.set(ssrc, stream);
		return stream;
	}
}
