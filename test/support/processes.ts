import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

export interface ProcessInfo {
	pid: number;
	parentPid: number;
	/** The arguments, joined by spaces. */
	command: string;
}

/** Every process below `pid`, children before their own children. Zombies are left out. */
export async function descendantsOf(pid: number): Promise<ProcessInfo[]> {
	const all = await runningProcesses();
	const found: ProcessInfo[] = [];
	let parents = [pid];
	while (parents.length > 0) {
		const children = all.filter(({ parentPid }) => parents.includes(parentPid));
		found.push(...children);
		parents = children.map((child) => child.pid);
	}
	return found;
}

/** One that has ended and that nobody has asked about, a zombie, does not run. */
export function isRunning(pid: number): boolean {
	try {
		return stateIn(readFileSync(`/proc/${pid}/stat`, "utf8"))[0] !== "Z";
	} catch {
		return false;
	}
}

/** State, parent and what else follows the name, which stands in parentheses and may hold spaces and parentheses itself. */
function stateIn(stat: string): string[] {
	return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function runningProcesses(): Promise<ProcessInfo[]> {
	const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
	const infos = await Promise.all(pids.map((pid) => readProcess(pid).catch(() => undefined))); // gone since
	return infos.filter((info) => info !== undefined);
}

async function readProcess(pid: string): Promise<ProcessInfo | undefined> {
	const [state, parentPid] = stateIn(await readFile(`/proc/${pid}/stat`, "utf8"));
	if (state === "Z") return undefined;
	const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
	return { pid: Number(pid), parentPid: Number(parentPid), command };
}

/** What a process holds of the machine's memory. */
export async function residentBytes(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, "utf8");
	return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}
