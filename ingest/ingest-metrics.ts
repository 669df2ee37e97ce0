import { Counter, Gauge, type Registry } from "prom-client";
import type { MediaPlane } from "./media-plane.ts";

/** Adds what ingest counts. */
export function countIngest(metrics: Registry, plane: MediaPlane): void {
	const registers = [metrics];
	new Gauge({
		name: "rostrum_publishers",
		help: "WHIP sessions that are connected",
		registers,
		collect() {
			this.set(plane.sessions.all.filter(({ present }) => present).length);
		},
	});
	new Gauge({
		name: "rostrum_subscribers",
		help: "WHEP sessions that are connected",
		registers,
		collect() {
			this.set(plane.snapshots.reduce((sum, { subscribers }) => sum + subscribers.length, 0));
		},
	});
	new Counter({
		name: "rostrum_rtp_packets_total",
		help: "RTP packets received from publishers and sent to subscribers",
		labelNames: ["direction"],
		registers,
		collect() {
			this.reset();
			this.inc({ direction: "in" }, plane.packets.in);
			this.inc({ direction: "out" }, plane.packets.out);
		},
	});
}
