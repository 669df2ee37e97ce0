/**
 * `npm run bench -- NAME`: prepares as `npm test` does, then runs test/bench/NAME.ts, which prints a line of JSON for each
 * result. Without a name: which there are.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { chromium } from "./setup/chromium.mjs";
import { nginx, varnish } from "./setup/edge-servers.mjs";
import { ffmpeg } from "./setup/ffmpeg.mjs";
import { firefox } from "./setup/firefox.mjs";
import { gstreamer } from "./setup/gstreamer.mjs";
import { janus } from "./setup/janus.mjs";
import { mpv } from "./setup/mpv.mjs";
import { nftables } from "./setup/nftables.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { findNode, nodeRuntime } from "./setup/node-runtime.mjs";
import { childEnvironment, inRoot, root } from "./setup/paths.mjs";
import { prepare } from "./setup/prepare.mjs";
import { webApp } from "./setup/web-app.mjs";
import { xvfb } from "./setup/xvfb.mjs";

const names = readdirSync(inRoot("test/bench")).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);
const [name = "", ...args] = process.argv.slice(2);
if (!names.includes(name)) {
	process.stderr.write(`npm run bench -- NAME, where NAME is one of ${names.join(", ")}\n`);
	process.exit(1);
}

/** What a benchmark needs besides Node. @type {Record<string, import("./setup/prepare.mjs").Step[]>} */
const needs = {
	"av-sync": [ffmpeg],
	kills: [ffmpeg, webApp],
	compose: [chromium, ffmpeg, xvfb],
	edge: [ffmpeg, nginx, varnish],
	"encode-latency": [ffmpeg],
	handshakes: [janus],
	memory: [janus],
	network: [chromium, ffmpeg],
	overload: [ffmpeg],
	"playback-reports": [ffmpeg, webApp],
	players: [chromium, ffmpeg, firefox, gstreamer, mpv],
	"preview-latency": [chromium, ffmpeg, webApp],
	sfu: [janus],
	"stage-latency": [chromium, ffmpeg],
	"time-to-media": [janus],
	"validate-soak": [ffmpeg, webApp],
	"watch-latency": [chromium, ffmpeg, nftables, webApp],
	"watch-memory": [chromium, ffmpeg, webApp],
};
await prepare([nodePackages, nodeRuntime, ...(needs[name] ?? [])]);
const node = (await findNode()).path;
const child = spawn(node, [inRoot("test/bench", `${name}.ts`), ...args], {
	cwd: root,
	env: childEnvironment(),
	stdio: "inherit",
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("close", (code) => process.exit(code ?? 1));
