import { expect, test } from "vitest";
import { eventually } from "../support/deadline.ts";
import { meanColour } from "../support/measure-picture.ts";
import { loudness } from "../support/measure-sound.ts";
import { isRunning } from "../support/processes.ts";
import { fetchMultivariant, ProgrammeTap } from "../support/programme-tap.ts";
import { startRostrumServer } from "../support/rostrum-server.ts";

const DEADLINE_MS = 30_000;

test("health, readiness and metrics are told", async () => {
	const server = await startRostrumServer();
	try {
		for (const path of ["/healthz", "/readyz"]) expect((await fetch(server.baseUrl + path)).status).toBe(200);
		const metrics = await fetch(`${server.baseUrl}/metrics`);
		expect(metrics.headers.get("content-type")).toContain("text/plain");
		expect(await metrics.text()).toMatch(/^process_resident_memory_bytes \d+/m);
	} finally {
		await server.close();
	}
});

test("Ctrl-C ends every process of a live programme", async () => {
	const server = await startRostrumServer();
	const { id } = await server.api.createWebinar("Ctrl-C");
	await server.api.start(id);
	await fetchMultivariant(server.baseUrl, id);
	const children = await eventually(
		async () => {
			const found = await server.children();
			return found.some(({ command }) => command.includes("ffmpeg")) && found;
		},
		DEADLINE_MS,
		() => "no ffmpeg was started",
	);
	expect(children.length).toBeGreaterThanOrEqual(2); // the programme's process and its encoder
	await server.close("SIGINT");
	expect(children.filter(({ pid }) => isRunning(pid))).toEqual([]);
});

test("--demo puts two presenters on air", async () => {
	const server = await startRostrumServer({ args: ["--demo"] });
	try {
		const watch = await eventually(
			() => server.log.map((line) => /\/watch\/([a-z0-9]{12})/.exec(line)?.[1]).find(Boolean),
			DEADLINE_MS,
			() => `no watch link in ${server.log.join("\n")}`,
		);
		const tap = await ProgrammeTap.start({ baseUrl: server.baseUrl, webinarId: watch });
		try {
			// One before teal, one before orange, in the order in which they connect; they take turns of 4.8 s to speak.
			await tap.untilShown(({ frames }) => {
				const last = frames.at(-1);
				if (!last) return false;
				const [left, right] = [0.05, 0.55].map((x) => {
					const [red, green] = meanColour(last, { x, y: 0.3, width: 0.05, height: 0.3 });
					return green > red + 40 ? "teal" : red > green + 40 ? "orange" : undefined;
				});
				return left !== undefined && right !== undefined && left !== right;
			}, "two presenters side by side");
			await tap.untilShown(({ sound }) => loudness(sound) > 0.01, "somebody speaks");
		} finally {
			await tap.close();
		}
	} finally {
		await server.close("SIGINT");
	}
});
