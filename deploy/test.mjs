/**
 * `npm test`: prepares as `npm start` does, then runs every check and test. `npm test -- unit e2e` runs only the suites
 * named. The last lines name what failed and count them all.
 */
import { chromium, findChromium } from "./setup/chromium.mjs";
import { coturn, findTurnServer } from "./setup/coturn.mjs";
import { nginx, varnish } from "./setup/edge-servers.mjs";
import { ffmpeg } from "./setup/ffmpeg.mjs";
import { findFirefox, firefox } from "./setup/firefox.mjs";
import { nftables } from "./setup/nftables.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { findNode, nodeRuntime } from "./setup/node-runtime.mjs";
import { prepare } from "./setup/prepare.mjs";
import { webApp } from "./setup/web-app.mjs";
import { runStaticChecks } from "./testing/static-checks.mjs";
import { runVitest } from "./testing/vitest-run.mjs";

const suites = ["static", "unit", "integration", "conformance", "e2e"];
const named = process.argv.slice(2);
const unknown = named.find((name) => !suites.includes(name));
if (unknown) {
	process.stderr.write(`There is no suite ${unknown}; there are ${suites.join(", ")}.\n`);
	process.exit(1);
}
const chosen = suites.filter((name) => named.length === 0 || named.includes(name));

await prepare([nodePackages, nodeRuntime, ffmpeg, webApp, chromium, firefox, coturn, nftables, nginx, varnish]);
const node = (await findNode()).path;
const environment = {
	CHROMIUM_PATH: findChromium() ?? "",
	FIREFOX_PATH: findFirefox() ?? "",
	TURNSERVER_PATH: findTurnServer() ?? "",
};

const total = { passed: 0, skipped: 0 };
const failures = [];
for (const suite of chosen) {
	process.stdout.write(`\n== ${suite}\n`);
	const result =
		suite === "static"
			? await runStaticChecks(node)
			: await runVitest(node, suite === "unit" ? ["unit", "web"] : [suite], environment);
	total.passed += result.passed;
	total.skipped += result.skipped;
	failures.push(...result.failures);
}
// A build server may keep the end of the output alone.
process.stdout.write(`\n${failures.map((failure) => `✗ ${failure}\n`).join("")}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
process.stdout.write(`${total.passed} passed, ${failures.length} failed${skipped}\n`);
process.exit(failures.length > 0 ? 1 : 0);
