import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { deadline } from "./deadline.ts";
import { WebDriverBidi } from "./webdriver-bidi.ts";

const START_DEADLINE_MS = 60_000;
const EXIT_DEADLINE_MS = 10_000;

const preferences: Record<string, boolean | number | string> = {
	// Candidates by address, rather than by mDNS names that nobody answers in a container; loopback among them.
	"media.peerconnection.ice.obfuscate_host_addresses": false,
	"media.peerconnection.ice.loopback": true,
	// A microphone that is a tone, given without asking.
	"media.navigator.streams.fake": true,
	"media.navigator.permission.disabled": true,
	// Sound without a click.
	"media.autoplay.default": 0,
	"media.autoplay.blocking_policy": 0,
	// Timers and painting go on in a window that nobody sees.
	"dom.min_background_timeout_value": 4,
	"widget.windows.window_occlusion_tracking.enabled": false,
	// Nothing is fetched from elsewhere.
	"app.normandy.enabled": false,
	"app.update.disabledForTesting": true,
	"browser.safebrowsing.downloads.enabled": false,
	"browser.safebrowsing.malware.enabled": false,
	"browser.safebrowsing.phishing.enabled": false,
	"browser.shell.checkDefaultBrowser": false,
	"browser.startup.page": 0,
	"datareporting.policy.dataSubmissionEnabled": false,
	"extensions.update.enabled": false,
	"media.gmp-manager.updateEnabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"services.settings.server": "data:,#remote-settings-dummy/v1",
	"toolkit.telemetry.server": "data:,",
};

interface EvaluateResult {
	type: "success" | "exception";
	result?: { value?: string };
	exceptionDetails?: { text: string };
}

/** One page of a Firefox of its own. */
export interface FirefoxPage {
	open(url: string): Promise<void>;
	/** Evaluates JavaScript and waits for its promise. The result is a string. */
	evaluate(expression: string): Promise<string>;
	/** Ends the browser. */
	close(): Promise<void>;
}

/** Firefox without a window, by WebDriver BiDi: Debian's cannot be driven by Playwright, which wants its own build. */
export async function launchFirefox(): Promise<FirefoxPage> {
	const profile = await mkdtemp(join(tmpdir(), "firefox-"));
	const lines = Object.entries(preferences).map(
		([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
	);
	await writeFile(join(profile, "user.js"), lines.join(""));
	const firefox = spawn(
		process.env["FIREFOX_PATH"] || "/usr/bin/firefox-esr",
		["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "about:blank"],
		{ stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: profile } },
	);
	const exited = once(firefox, "exit");
	let session: WebDriverBidi | undefined;

	async function close(): Promise<void> {
		await session?.send("browser.close", {}).catch(() => {}); // it may be gone already
		await session?.close();
		await deadline(exited, EXIT_DEADLINE_MS, () => "Firefox does not end").catch(() => {});
		firefox.kill("SIGKILL"); // its other processes end when they lose it
		await exited.catch(() => {});
		await rm(profile, { recursive: true, force: true, maxRetries: 5 });
	}

	try {
		session = await WebDriverBidi.connect(await bidiUrl(firefox.stderr, exited));
		const bidi = session;
		const { contexts } = await bidi.send<{ contexts: { context: string }[] }>("browsingContext.getTree", {});
		const context = contexts[0]?.context;
		return {
			open: async (url) => void (await bidi.send("browsingContext.navigate", { context, url, wait: "complete" })),
			async evaluate(expression) {
				const answer = await bidi.send<EvaluateResult>("script.evaluate", {
					expression,
					target: { context },
					awaitPromise: true,
				});
				if (answer.type === "exception") throw new Error(answer.exceptionDetails?.text ?? "a script failed");
				return answer.result?.value ?? "";
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

/** What Firefox prints on standard error when it listens; the rest of that is thrown away. */
function bidiUrl(stderr: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<string> {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	createInterface(stderr).on("line", (line) => {
		const url = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
		if (url) resolve(url);
	});
	exited.then(
		() => reject(new Error("Firefox ended at its start")),
		(error) => reject(error),
	);
	return deadline(promise, START_DEADLINE_MS, () => "Firefox did not say where it listens");
}
