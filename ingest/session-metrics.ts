import type { Metric, Registry } from "prom-client";
import { type LivingFigures, livingFigures } from "./living-figures.ts";
import type { MediaPlane } from "./media-plane.ts";
import type { LayerFigures, PublisherFigures } from "./sfu/publisher-figures.ts";
import type { SlotFigures, SubscriberFigures } from "./sfu/subscriber-figures.ts";

/** One series of a metric: what it is about, and what is told of it. */
interface Row<Figures> {
	labels: Record<string, string>;
	figures: Figures;
}

/** Undefined: nothing to tell, no series. */
type Measure<Figures> = (figures: Figures) => number | undefined;

const ofVideo =
	<T extends { kind: string }>(measure: Measure<T>): Measure<T> =>
	(figures) =>
		figures.kind === "video" ? measure(figures) : undefined;
const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

/**
 * Adds how each publisher's layers come in and each subscriber's slots go out, of the sessions there are: series end with
 * their session, and slots that show nobody have none. docs/metrics.md is their description.
 */
export function measureSessions(metrics: Registry, plane: Pick<MediaPlane, "snapshots" | "sessions">): void {
	const rows = new RowsOfSnapshots(plane);
	const publisher = describe<PublisherFigures>(metrics, () => rows.now().publishers);
	const layer = describe<LayerFigures>(metrics, () => rows.now().layers);
	const subscriber = describe<SubscriberFigures>(metrics, () => rows.now().subscribers);
	const slot = describe<SlotFigures>(metrics, () => rows.now().slots);
	const shown = describe<SlotFigures>(metrics, () => rows.now().shown);

	publisher.gauge("publisher_round_trip_seconds", "Round trip to the publisher", ({ rttMs }) => seconds(rttMs));
	layer.gauge("publisher_bits_per_second", "RTP received, over about a second", (of) => of.bitsPerSecond);
	layer.counter("publisher_packets_total", "RTP packets received, without retransmissions", (of) => of.packets);
	layer.counter("publisher_lost_packets_total", "RTP packets that did not come", (of) => of.lost);
	layer.gauge("publisher_jitter_seconds", "Interarrival jitter (RFC 3550)", (of) => seconds(of.jitterMs));
	layer.counter("publisher_nacks_total", "Packets asked for again", (of) => of.nacksSent);
	layer.gauge("publisher_height_pixels", "Height of the picture", (of) => of.height);
	layer.counter(
		"publisher_keyframes_total",
		"Keyframes received",
		ofVideo((of) => of.keyframes),
	);
	layer.counter(
		"publisher_keyframe_requests_total",
		"Keyframes asked for",
		ofVideo((of) => of.plisSent),
	);
	layer.counter(
		"publisher_freezes_total",
		"Gaps between frames far longer than usual",
		ofVideo((of) => of.freezes),
	);

	subscriber.gauge("subscriber_round_trip_seconds", "Round trip to the subscriber", ({ rttMs }) => seconds(rttMs));
	subscriber.gauge(
		"subscriber_estimate_bits_per_second",
		"What the path to the subscriber is thought to carry",
		(of) => of.estimateBitsPerSecond,
	);
	slot.gauge("subscriber_bits_per_second", "RTP payload sent, over about a second", (of) => of.bitsPerSecond);
	slot.counter("subscriber_packets_total", "RTP packets sent, without retransmissions", (of) => of.packets);
	slot.gauge("subscriber_loss_ratio", "Loss by the last receiver report", (of) => of.lost);
	slot.gauge("subscriber_jitter_seconds", "Jitter by the last receiver report", (of) => seconds(of.jitterMs));
	slot.counter("subscriber_nacks_total", "Packets the subscriber asked for again", (of) => of.nacks);
	slot.counter("subscriber_retransmissions_total", "Packets sent again", (of) => of.resends);
	slot.counter(
		"subscriber_keyframes_total",
		"Keyframes sent",
		ofVideo((of) => of.keyframes),
	);
	slot.counter(
		"subscriber_keyframe_requests_total",
		"Keyframes the subscriber asked for",
		ofVideo((of) => of.plis),
	);
	slot.counter(
		"subscriber_freezes_total",
		"Gaps between frames far longer than usual",
		ofVideo((of) => of.freezes),
	);
	slot.counter(
		"subscriber_layer_switches_total",
		"Changes of the layer sent",
		ofVideo((of) => of.layerSwitches),
	);
	slot.gauge(
		"subscriber_paused",
		"1 where the path has no room for the picture",
		ofVideo((of) => Number(of.paused)),
	);
	slot.gauge(
		"subscriber_height_pixels",
		"Height of the picture sent",
		ofVideo((of) => of.height),
	);
	shown.gauge("subscriber_slot_info", "Whom a slot shows, and which layer of them", () => 1);
}

/**
 * Makes metrics that have a series for each of `rows` at the time. They are no Gauge or Counter of prom-client's, which would
 * make the text of every series' labels anew for each metric: most of what a scrape costs.
 */
function describe<Figures>(metrics: Registry, rows: () => Row<Figures>[]) {
	const add = (type: "gauge" | "counter") => (name: string, help: string, measure: Measure<Figures>) => {
		const metric = {
			name: `rostrum_${name}`,
			help,
			type,
			reset() {},
			async get() {
				const values: object[] = [];
				for (const { labels, figures } of rows()) {
					const value = measure(figures);
					if (value !== undefined) values.push({ labels, sharedLabels: labels, value });
				}
				return { name: metric.name, help, type, values, aggregator: "omit" };
			},
		};
		metrics.registerMetric(metric as unknown as Metric);
	};
	return { gauge: add("gauge"), counter: add("counter") };
}

interface Rows {
	publishers: Row<PublisherFigures>[];
	layers: Row<LayerFigures>[];
	subscribers: Row<SubscriberFigures>[];
	slots: Row<SlotFigures>[];
	shown: Row<SlotFigures>[];
}

/** The rows of what was told last, made once for all metrics of a scrape. */
class RowsOfSnapshots {
	readonly #plane: Pick<MediaPlane, "snapshots" | "sessions">;
	#rows: Rows | undefined;
	/** Of layers, by session and SSRC: a counter must not fall, and a packet that comes late is lost no more. */
	#mostLost = new Map<string, number>();

	constructor(plane: Pick<MediaPlane, "snapshots" | "sessions">) {
		this.#plane = plane;
	}

	now(): Rows {
		if (!this.#rows) {
			const mostLost = new Map<string, number>();
			this.#rows = rowsOf(livingFigures(this.#plane), (key, lost) => {
				const most = Math.max(0, lost, this.#mostLost.get(key) ?? 0);
				mostLost.set(key, most);
				return most;
			});
			this.#mostLost = mostLost;
			// A scrape collects everything before anything else runs.
			setImmediate(() => {
				this.#rows = undefined;
			});
		}
		return this.#rows;
	}
}

function rowsOf({ publishers, subscribers }: LivingFigures, mostLost: (key: string, lost: number) => number): Rows {
	const rows: Rows = { publishers: [], layers: [], subscribers: [], slots: [], shown: [] };
	for (const { session, told } of publishers) {
		const labels = { webinar: session.webinarId, person: session.personId, source: session.source };
		rows.publishers.push({ labels, figures: told.figures });
		for (const { kind, layers } of told.figures.tracks) {
			for (const layer of layers) {
				// Layers without a name, which older browsers send, are told apart by what they have.
				const rid = layer.rid ?? (layers.length > 1 ? String(layer.ssrc) : "");
				const lost = mostLost(`${session.session} ${layer.ssrc}`, layer.lost);
				rows.layers.push({ labels: { ...labels, kind, rid }, figures: { ...layer, lost } });
			}
		}
	}
	for (const { session, told } of subscribers) {
		const labels = { webinar: session.webinarId, person: session.personId, session: session.label };
		rows.subscribers.push({ labels, figures: told.figures });
		for (const slot of told.figures.slots) {
			const { personId: shown, source = "", rid = "" } = slot;
			if (shown === undefined) continue;
			const ofSlot = { ...labels, kind: slot.kind, slot: String(slot.slot) };
			rows.slots.push({ labels: ofSlot, figures: slot });
			rows.shown.push({ labels: { ...ofSlot, shown, source, rid }, figures: slot });
		}
	}
	return rows;
}
