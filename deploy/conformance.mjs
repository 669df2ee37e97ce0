/**
 * `npm run conformance -- --whip URL --whep URL`: the conformance suite against any server. `--help` says more. What the
 * clients need is prepared first.
 */
import { spawn } from "node:child_process";
import { chromium, findChromium } from "./setup/chromium.mjs";
import { ffmpeg } from "./setup/ffmpeg.mjs";
import { findFirefox, firefox } from "./setup/firefox.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { findNode, nodeRuntime } from "./setup/node-runtime.mjs";
import { childEnvironment, inRoot, root } from "./setup/paths.mjs";
import { prepare } from "./setup/prepare.mjs";

await prepare([nodePackages, nodeRuntime, ffmpeg, chromium, firefox]);
const { path } = await findNode();
const child = spawn(path, [inRoot("test/conformance/cli.ts"), ...process.argv.slice(2)], {
	cwd: root,
	env: childEnvironment({ CHROMIUM_PATH: findChromium() ?? "", FIREFOX_PATH: findFirefox() ?? "" }),
	stdio: "inherit",
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("close", (code) => process.exit(code ?? 1));
