/**
 * `npm run validate -- URL [--seconds 30]`: reads a live LL-HLS stream as a careful player would, and prints each rule it
 * breaks. Ends with 1 when there are any. `--help` says more.
 */
import { spawn } from "node:child_process";
import { nodePackages } from "./setup/node-packages.mjs";
import { findNode, nodeRuntime } from "./setup/node-runtime.mjs";
import { childEnvironment, inRoot, root } from "./setup/paths.mjs";
import { prepare } from "./setup/prepare.mjs";

await prepare([nodePackages, nodeRuntime]);
const { path } = await findNode();
const child = spawn(path, [inRoot("test/support/hls/validate.ts"), ...process.argv.slice(2)], {
	cwd: root,
	env: childEnvironment(),
	stdio: "inherit",
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("close", (code) => process.exit(code ?? 1));
