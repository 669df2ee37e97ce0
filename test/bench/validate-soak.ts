/**
 * The validator follows a whole server for `--minutes 5`: steady at first, then kill -9 of the encoder, of the programme's
 * process and of the whole server in turn, which is started again with the same data directory, and the webinar's end. Two
 * synthetic presenters, renditions of 360 and 240 lines, and playlists that list the whole programme or `--window 120`, so
 * many seconds. The row says what was done, what was found, how long the server was away for the validator, and how
 * regularly parts came (milliseconds: the middle, the 95th of a hundred, the longest).
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { eventually } from "../support/deadline.ts";
import { summary } from "../support/hls/summary.ts";
import { judgeHls } from "../support/hls-validator.ts";
import { isRunning } from "../support/processes.ts";
import { fetchMultivariant } from "../support/programme-tap.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";
import { killChild } from "./support/kill-child.ts";
import { KillablePresenter } from "./support/killable-presenter.ts";
import { printRow } from "./support/row.ts";

const { values } = parseArgs({
	options: { minutes: { type: "string", default: "5" }, window: { type: "string", default: "all" } },
});
const lengthMs = Number(values.minutes) * 60_000;
const SETTINGS = { LADDER: "360,240", DVR_SECONDS: values.window, LOG_LEVEL: "info" };
/** The validator asks its questions, and playlists become long enough for delta updates, before anything is killed. */
const STEADY_SHARE = 0.3;
const CALM_MS = 20_000;
const RECOVERY_MS = 30_000;
const TOLERATED_OUTAGE_MS = 30_000;
const TONES = [400, 700];

let server = await startRostrumServer({ environment: SETTINGS });
const presenters: KillablePresenter[] = [];
const kills = { encoder: 0, process: 0, server: 0 };
/** Processes that were still there when their server had long been killed. */
const left: string[] = [];

try {
	const { id } = await server.api.createWebinar("Soak");
	await server.api.start(id);
	for (const toneHz of TONES) presenters.push(await KillablePresenter.start(server, id, toneHz));
	await eventually(
		() => fetchMultivariant(server.baseUrl, id).catch(() => undefined),
		RECOVERY_MS,
		() => "no programme",
	);
	const startMs = performance.now();
	const judging = judgeHls(`${server.baseUrl}/live/${id}/index.m3u8`, {
		seconds: (lengthMs + RECOVERY_MS) / 1000,
		toleratedOutageMs: TOLERATED_OUTAGE_MS,
	});
	await delay(lengthMs * STEADY_SHARE);
	const steps = [() => killOf("encoder"), () => killOf("process"), restart];
	for (let step = 0; performance.now() - startMs < lengthMs - CALM_MS; step++) {
		await steps[step % steps.length]?.();
		await delay(CALM_MS);
	}
	await server.api.end(id);
	const { findings, measured } = await judging;
	for (const { rule, detail } of findings) process.stderr.write(`rule ${rule}: ${detail}\n`);
	printRow("validate-soak", {
		minutes: Number(values.minutes),
		windowS: values.window,
		...kills,
		findings: findings.length,
		rules: [...new Set(findings.map(({ rule }) => rule))].sort((a, b) => a - b).join(", ") || "none",
		...(measured && summary(measured)),
		processesLeft: left.join("; ") || "none",
	});
} finally {
	for (const presenter of presenters) presenter.kill();
	await server.close();
}

async function killOf(victim: "encoder" | "process"): Promise<void> {
	await killChild(server, victim);
	kills[victim]++;
}

/** Presenters come back as their pages would. */
async function restart(): Promise<void> {
	const children = await server.children();
	await server.kill();
	kills.server++;
	const killed: RostrumServer = server;
	server = await startRostrumServer({ environment: SETTINGS, after: killed });
	for (const presenter of presenters) await presenter.restart(server);
	left.push(...children.filter(({ pid }) => isRunning(pid)).map(({ command }) => command.slice(0, 80)));
}
