/**
 * Whether players that are not ours play the stream: each for a minute, one after the other, a live programme of one
 * presenter whose picture carries the time. A row each: what was played, how often it stalled, what it said of errors, and,
 * where its pictures can be read, from the drawing of one to its being shown. Options: --only ffmpeg,shaka (parts of names), --seconds 60.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ClockProgramme } from "./support/clock-programme.ts";
import { pagePlayers } from "./support/players/page-player.ts";
import { pipedPlayers } from "./support/players/piped-player.ts";
import type { Played, TestedPlayer } from "./support/players/played.ts";
import { type Figure, percentile, printRow, round } from "./support/row.ts";

/** A live stream as most meet it: longer than what players want to hold. */
const HISTORY_MS = 20_000;

const players: TestedPlayer[] = [...pagePlayers, ...pipedPlayers];
const { values } = parseArgs({
	options: {
		only: { type: "string", default: players.map(({ name }) => name).join() },
		seconds: { type: "string", default: "60" },
	},
});
const only = values.only.split(",");

const programme = await ClockProgramme.start();
try {
	// Players without low latency begin three segments before the end.
	await delay(HISTORY_MS);
	for (const { name, play } of players.filter(({ name }) => only.some((part) => name.includes(part)))) {
		try {
			const played = await play(programme.streamUrl(), 1000 * Number(values.seconds));
			printRow("players", { player: name, ...figuresOf(played) });
		} catch (error) {
			printRow("players", { player: name, failed: String(error) });
		}
	}
} finally {
	await programme.close();
}

function figuresOf({ latenciesMs, errors, notes, ...played }: Played): Record<string, Figure> {
	const figures: Record<string, Figure> = {};
	for (const [name, value] of Object.entries(played))
		if (Number.isFinite(value)) figures[name] = round(value, name.endsWith("Seconds") ? 1 : 0);
	if (latenciesMs.length > 0) {
		figures["latencyP50Ms"] = round(percentile(latenciesMs, 0.5), 0);
		figures["latencyP95Ms"] = round(percentile(latenciesMs, 0.95), 0);
	}
	return { ...figures, ...notes, errors: errors.length, ...(errors[0] ? { firstError: errors[0] } : {}) };
}
