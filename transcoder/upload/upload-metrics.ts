import { Counter, Gauge, type Registry } from "prom-client";

interface UploadFigures {
	pending: number;
	/** Seconds; 0 when nothing waits. */
	oldestPendingSeconds: number;
	refused: boolean;
}

/** `read` is asked at each scrape. */
export function createUploadMetrics(registry: Registry, read: () => UploadFigures) {
	const registers = [registry];
	const gauge = (name: string, help: string, value: (figures: UploadFigures) => number) =>
		new Gauge({
			name,
			help,
			registers,
			collect() {
				this.set(value(read()));
			},
		});
	gauge("rostrum_upload_pending_files", "Files that wait for the object store", ({ pending }) => pending);
	gauge(
		"rostrum_upload_oldest_pending_seconds",
		"How long the oldest file that waits for the object store has waited",
		({ oldestPendingSeconds }) => oldestPendingSeconds,
	);
	gauge("rostrum_upload_refused", "1 while the object store refuses what is uploaded", ({ refused }) =>
		refused ? 1 : 0,
	);
	return {
		files: new Counter({ name: "rostrum_upload_files_total", help: "Files that were uploaded", registers }),
		bytes: new Counter({ name: "rostrum_upload_bytes_total", help: "Bytes of files that were uploaded", registers }),
		failures: new Counter({
			name: "rostrum_upload_failures_total",
			help: "Requests to the object store that failed",
			labelNames: ["kind"],
			registers,
		}),
		lost: new Counter({
			name: "rostrum_upload_lost_files_total",
			help: "Files that were gone from the disk before they were uploaded",
			registers,
		}),
	};
}
