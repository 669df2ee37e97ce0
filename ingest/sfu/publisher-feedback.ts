import { ntpOf, type RoundTrip } from "../rtp/round-trip.ts";
import { composeRtcp } from "../rtp/rtcp-compound.ts";
import {
	fullIntraRequest,
	genericNack,
	pictureLossIndication,
	type ReportBlock,
	receiverEstimatedBitrate,
	receiverReferenceTime,
	receiverReport,
	sourceDescription,
} from "../rtp/rtcp-write.ts";
import { extensionLength, extensionStart, findExtension } from "../rtp/rtp-packet.ts";
import { TransportFeedbackWriter } from "../rtp/transport-feedback-writer.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import type { PublisherLayer } from "./publisher-layer.ts";

/** Our SSRC in RTCP about media we only receive. */
const LOCAL_SSRC = 1;
const CNAME = "rostrum";
const REPORT_INTERVAL_MS = 1_000;
/** What we let a publisher send that estimates nothing itself: Chromium would stay near its 300 kbit/s start. */
const MAX_PUBLISHER_BITRATE = 3_000_000;

/** The RTCP that a publisher needs from us: reports, requests for what was lost, and what tells its bandwidth. */
export class PublisherFeedback {
	readonly #roundTrip: RoundTrip;
	readonly #head = [receiverReport(LOCAL_SSRC, []), sourceDescription(LOCAL_SSRC, CNAME)];
	/** Where both ends agreed on transport-wide congestion control; ids are the same on all bundled m= lines. */
	readonly #transport: { id: number; writer: TransportFeedbackWriter } | undefined;
	#nextReportMs = 0;
	#intraRequests = 0;

	constructor(media: PublishedMedia[], roundTrip: RoundTrip) {
		this.#roundTrip = roundTrip;
		const agreed = media.find(
			({ extensions, codecs }) =>
				extensions.transportCc !== undefined && codecs.some(({ feedback }) => feedback.includes("transport-cc")),
		);
		const id = agreed?.extensions.transportCc;
		if (id !== undefined) this.#transport = { id, writer: new TransportFeedbackWriter({ senderSsrc: LOCAL_SSRC }) };
	}

	/** Each packet, whatever it carries: the publisher counts those we do not tell of as lost. */
	onPacket(packet: Buffer, nowMs: number): void {
		const transport = this.#transport;
		if (!transport) return;
		const found = findExtension(packet, transport.id);
		if (found < 0 || extensionLength(found) < 2) return;
		transport.writer.onPacket(packet.readUInt16BE(extensionStart(found)), nowMs);
	}

	/** Compound packets to send now. */
	due(layers: readonly PublisherLayer[], nowMs: number): Buffer[] {
		const reports = nowMs >= this.#nextReportMs;
		const packets: Buffer[] = [];
		if (reports) {
			this.#nextReportMs = nowMs + REPORT_INTERVAL_MS;
			packets.push(receiverReferenceTime(LOCAL_SSRC, ntpOf(nowMs)), ...this.#bitrate(layers));
		}
		for (const layer of layers) this.#ask(layer, nowMs, packets);
		const finals = this.#transportFeedback(layers, nowMs);
		if (packets.length === 0 && finals.length === 0) return [];
		const head = this.#head;
		return composeRtcp({ first: reports ? this.#report(layers, nowMs) : head, head, packets, finals });
	}

	#report(layers: readonly PublisherLayer[], nowMs: number): Buffer[] {
		const blocks: ReportBlock[] = [];
		for (const layer of layers) {
			const block = layer.reportBlock(nowMs);
			if (block) blocks.push(block);
		}
		return [receiverReport(LOCAL_SSRC, blocks), sourceDescription(LOCAL_SSRC, CNAME)];
	}

	#ask(layer: PublisherLayer, nowMs: number, packets: Buffer[]): void {
		const losses = layer.lossesDue(nowMs, this.#roundTrip.ms);
		if (losses.length > 0) packets.push(genericNack(LOCAL_SSRC, layer.ssrc, losses));
		if (!layer.keyframeDue(nowMs)) return;
		const { feedback } = layer.codec;
		const knowsFirAlone = feedback.includes("ccm fir") && !feedback.includes("nack pli");
		packets.push(
			knowsFirAlone
				? fullIntraRequest(LOCAL_SSRC, layer.ssrc, this.#intraRequests++)
				: pictureLossIndication(LOCAL_SSRC, layer.ssrc),
		);
	}

	#bitrate(layers: readonly PublisherLayer[]): Buffer[] {
		if (this.#transport) return [];
		const ssrcs = layers.filter(({ codec }) => codec.feedback.includes("goog-remb")).map(({ ssrc }) => ssrc);
		return ssrcs.length > 0 ? [receiverEstimatedBitrate(LOCAL_SSRC, MAX_PUBLISHER_BITRATE, ssrcs)] : [];
	}

	#transportFeedback(layers: readonly PublisherLayer[], nowMs: number): Buffer[] {
		const writer = this.#transport?.writer;
		// Chromium passes over feedback about an SSRC it does not know.
		const ssrc = layers[0]?.ssrc;
		if (!writer || ssrc === undefined) return [];
		writer.mediaSsrc = ssrc;
		return writer.take(nowMs);
	}
}

/** Whether an answer to a reference time is one to ours. */
export const isOurs = (receiverSsrc: number): boolean => receiverSsrc === LOCAL_SSRC;
