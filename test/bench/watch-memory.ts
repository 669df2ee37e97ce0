/**
 * What a watch page that stays open takes: the memory that its process has to itself, and that of the browser's network
 * process, in MiB after every minute. Nothing looks into the page, since a browser that is debugged keeps what it has
 * loaded. A row; options: --minutes 10.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromiumPath } from "../support/chromium.ts";
import { descendantsOf } from "../support/processes.ts";
import { ClockProgramme } from "./support/clock-programme.ts";
import { printRow } from "./support/row.ts";

const SWITCHES = [
	"--headless=new",
	"--no-sandbox",
	"--no-first-run",
	"--disable-gpu",
	"--mute-audio",
	"--autoplay-policy=no-user-gesture-required",
];

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });

const programme = await ClockProgramme.start();
const profile = await mkdtemp(join(tmpdir(), "watch-memory-"));
try {
	const browser = spawn(chromiumPath(), [...SWITCHES, `--user-data-dir=${profile}`, programme.watchUrl()], {
		stdio: "ignore",
	});
	const page: number[] = [];
	const network: number[] = [];
	try {
		for (let minute = 0; minute < Number(values.minutes); minute++) {
			await delay(60_000);
			const processes = await descendantsOf(browser.pid ?? 0);
			const of = (kind: string) => processes.filter(({ command }) => command.includes(kind)).map(({ pid }) => pid);
			// The others are spares without a page.
			page.push(Math.max(...of("--type=renderer").map(ownMebibytes)));
			network.push(Math.max(...of("network.mojom.NetworkService").map(ownMebibytes)));
		}
	} finally {
		browser.kill();
		await once(browser, "exit");
	}
	printRow("watch-memory", { pageMiB: page.join(", "), networkMiB: network.join(", ") });
} finally {
	await rm(profile, { recursive: true, force: true });
	await programme.close();
}

/** What is in RAM and no other process shares. */
function ownMebibytes(pid: number): number {
	return Math.round(
		Number(/^Private_Dirty:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) / 1024,
	);
}
