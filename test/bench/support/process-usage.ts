import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Seconds of CPU that all threads of a process have used, those that have ended included. */
export function cpuSeconds(pid: number): number {
	return readStat(`/proc/${pid}/stat`).seconds;
}

/** Seconds of CPU by thread, `name/id`. */
export function cpuSecondsOfThreads(pid: number): Map<string, number> {
	const threads = new Map<string, number>();
	for (const id of readdirSync(`/proc/${pid}/task`)) {
		try {
			const { name, seconds } = readStat(`/proc/${pid}/task/${id}/stat`);
			threads.set(`${name}/${id}`, seconds);
		} catch {} // it has ended since
	}
	return threads;
}

/** Bytes of memory that are in RAM. */
export function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

function readStat(path: string): { name: string; seconds: number } {
	const stat = readFileSync(path, "utf8");
	// The name, in parentheses, may hold spaces and parentheses itself. utime and stime are fields 14 and 15.
	const nameEnd = stat.lastIndexOf(")");
	const fields = stat.slice(nameEnd + 2).split(" ");
	const ticks = Number(fields[11]) + Number(fields[12]);
	return { name: stat.slice(stat.indexOf("(") + 1, nameEnd), seconds: ticks / ticksPerSecond };
}
