import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";

export type Figure = string | number;

/** Prints one result as a line of JSON: what was measured, and on what. */
export function printRow(bench: string, figures: Record<string, Figure>): void {
	const row = { bench, ...figures, ...surroundings() };
	process.stdout.write(`${JSON.stringify(row)}\n`);
}

function surroundings() {
	const processors = cpus();
	return {
		machine: processors[0]?.model.trim() ?? "unknown",
		cores: processors.length,
		node: process.version,
		commit: commit(),
		date: new Date().toISOString().slice(0, 10),
	};
}

/** With a plus sign when what runs is not what was committed. */
function commit(): string {
	const git = (...args: string[]) =>
		execFileSync("git", args, { cwd: join(import.meta.dirname, "../../.."), encoding: "utf8" }).trim();
	try {
		const changed = git("status", "--porcelain", "--", "ingest", "core") !== "";
		return git("rev-parse", "--short", "HEAD") + (changed ? "+" : "");
	} catch {
		return "unknown";
	}
}

export function median(values: number[]): number {
	return percentile(values, 0.5);
}

/** `share` between 0 and 1; the nearest value that was measured, NaN without any. */
export function percentile(values: number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** `digits` after the point. */
export function round(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}
