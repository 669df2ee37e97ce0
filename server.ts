import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import websocket from "@fastify/websocket";
import fastify from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createControl } from "./control/control.ts";
import { createMemoryBus } from "./core/runtime/bus.ts";
import { systemClock } from "./core/runtime/clock.ts";
import { type Config, ConfigError, readConfig } from "./core/runtime/config.ts";
import { AppError } from "./core/runtime/errors.ts";
import { Lifecycle } from "./core/runtime/lifecycle.ts";
import { createLog, type Logger } from "./core/runtime/log.ts";
import { createPlaybackPasses } from "./core/runtime/playback-passes.ts";
import { answerFrameworkErrors, answerWithProblems } from "./core/runtime/problem-answers.ts";
import { loadSecrets } from "./core/runtime/secrets.ts";
import { mountWebPages } from "./core/runtime/web-pages.ts";
import { startDemo } from "./deploy/demo/start-demo.ts";
import { createIngest } from "./ingest/ingest.ts";
import { prepareEncoding } from "./transcoder/encoding.ts";
import { createTranscoder } from "./transcoder/transcoder.ts";

interface Rostrum {
	/** Where people reach it. */
	publicUrl: string;
	/** Where this machine reaches it, whatever stands in front. */
	localUrl: string;
	adminToken: string;
	adminTokenIsNew: boolean;
	/** Ends everything that was started, in reverse order. Idempotent. */
	close(): Promise<void>;
}

/** Starts every part in flow order. What was started is ended again when a later part fails. */
async function startRostrum(config: Config, log: Logger): Promise<Rostrum> {
	const lifecycle = new Lifecycle({ onError: (err, part) => log.error({ err, part }, "did not close cleanly") });
	try {
		return await startParts(config, log, lifecycle);
	} catch (error) {
		await lifecycle.close();
		throw error;
	}
}

async function startParts(config: Config, log: Logger, lifecycle: Lifecycle): Promise<Rostrum> {
	const secrets = await loadSecrets(config.dataDir, config.adminToken);
	// Socket paths may have 107 bytes at most, so they cannot live in a data directory of any depth.
	const runDir = await mkdtemp(join(tmpdir(), "rostrum-"));
	lifecycle.add("run directory", { close: () => rm(runDir, { recursive: true, force: true }) });

	const metrics = new Registry();
	collectDefaultMetrics({ register: metrics });
	const bus = createMemoryBus({ onError: (err, topic) => log.error({ err, topic }, "a bus listener failed") });
	const parts = { log, clock: systemClock, bus, metrics };

	const app = fastify({
		bodyLimit: 64 * 1024,
		frameworkErrors: answerFrameworkErrors(log.child({ component: "http" })),
		routerOptions: { maxParamLength: 200 },
		forceCloseConnections: "idle",
		// By default it looks only every 30 s who took too long.
		http: { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2_000 },
	});
	lifecycle.add("HTTP server", { close: () => closeWithin(app, 3_000) });
	let closing = false;
	app.addHook("onRequest", async () => {
		if (closing) throw new AppError("unavailable");
	});
	app.setValidatorCompiler(validatorCompiler);
	app.setSerializerCompiler(serializerCompiler);
	answerWithProblems(app, log.child({ component: "http" }));
	await app.register(websocket, { options: { maxPayload: 16 * 1024 } });

	// The port, and with it the public URL, is known only once the server listens, which comes last.
	let publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
	const address = { publicUrl: () => publicUrl };
	const { adminToken, tokenSecret } = secrets;
	const { playbackFigures } = config;
	const control = await createControl(
		{ dataDir: config.dataDir, adminToken, tokenSecret, playbackFigures, ...address },
		parts,
	);
	lifecycle.add("control", control);
	const feedPath = join(runDir, "feed.sock");
	const ingest = await createIngest(
		{
			mediaPort: config.mediaPort,
			publicAddresses: config.publicAddresses,
			turn: config.turn,
			strict: config.whipStrict,
			feedPath,
			...address,
		},
		{ ...parts, admit: control.admit },
	);
	lifecycle.add("ingest", ingest);
	const { encoder, dataDir } = config;
	const encoding = await prepareEncoding({ encoder, ladder: config.ladder, dataDir, runDir }, { log });
	lifecycle.add("encoding", encoding);
	const transcoder = await createTranscoder(
		{
			feedPath,
			runDir,
			dataDir,
			s3: config.s3,
			windowSeconds: config.dvrSeconds,
			encoder,
			ladder: encoding.ladder,
		},
		{ ...parts, passes: createPlaybackPasses(tokenSecret, systemClock) },
	);
	lifecycle.add("transcoder", transcoder);

	app.get("/healthz", { logLevel: "silent" }, async () => ({ status: "ok" }));
	app.get("/readyz", { logLevel: "silent" }, async () => ({ status: "ready" }));
	app.get("/metrics", { logLevel: "silent" }, async (_request, reply) => {
		return reply.type(metrics.contentType).send(await metrics.metrics());
	});
	await app.register(control.plugin);
	await app.register(ingest.plugin);
	await app.register(transcoder.plugin);
	const notFound = () => {
		throw new AppError("not-found");
	};
	app.setNotFoundHandler(notFound);
	// Below these, an unknown address is a machine's mistake and gets a problem, not a page.
	for (const part of ["api", "whip", "whep"]) app.all(`/${part}/*`, notFound);
	await mountWebPages(app, join(import.meta.dirname, "build/handler.js"), publicUrl);

	await listen(app, config.port);
	const localUrl = `http://localhost:${(app.server.address() as AddressInfo).port}`;
	publicUrl = config.publicUrl ?? localUrl;
	return {
		publicUrl,
		localUrl,
		adminToken,
		adminTokenIsNew: secrets.adminTokenIsNew,
		close() {
			closing = true;
			return lifecycle.close();
		},
	};
}

/** Connections that the system holds until they are taken: an audience comes all at once. */
const BACKLOG = 4_096;

/** On every address, IPv6 included where the machine has it. */
async function listen(app: ReturnType<typeof fastify>, port: number): Promise<void> {
	try {
		await app.listen({ port, host: "::", backlog: BACKLOG });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EAFNOSUPPORT") throw error;
		await app.listen({ port, host: "0.0.0.0", backlog: BACKLOG });
	}
}

/** Waits for requests under way, but not for ever: a slow reader must not hold up the end. */
async function closeWithin(app: ReturnType<typeof fastify>, deadlineMs: number): Promise<void> {
	const deadline = setTimeout(() => app.server.closeAllConnections(), deadlineMs);
	await app.close();
	clearTimeout(deadline);
}

function banner({ publicUrl, adminToken, adminTokenIsNew }: Rostrum, dataDir: string): string {
	const lines = adminTokenIsNew
		? [`Your webinars: ${publicUrl}/#admin=${adminToken}`, "The link holds the admin token, which is shown this once."]
		: [`Your webinars: ${publicUrl}/`, `The admin token is ADMIN_TOKEN, or in ${join(dataDir, "admin-token")}.`];
	return ["", "Rostrum is running. Ctrl-C ends it.", ...lines, ""].map((line) => `  ${line}\n`).join("");
}

async function main(): Promise<void> {
	const [unknown] = process.argv.slice(2).filter((argument) => argument !== "--demo");
	if (unknown) throw new ConfigError(`${unknown} is no option of Rostrum; there is only --demo`);
	const config = readConfig(process.env);
	const log = createLog({ level: config.logLevel, pretty: process.stdout.isTTY });

	const starting = startRostrum(config, log);
	let demo: Awaited<ReturnType<typeof startDemo>> | undefined;
	let ending = false;
	async function end(code: number): Promise<never> {
		if (ending) process.exit(1);
		ending = true;
		await demo?.close();
		await (await starting.catch(() => undefined))?.close();
		process.exit(code);
	}
	process.on("SIGINT", () => void end(0));
	process.on("SIGTERM", () => void end(0));
	// The launcher holds the other end of this channel; when it is killed, nothing is left to end this process.
	process.on("disconnect", () => void end(0));
	process.on("uncaughtException", (err) => {
		log.fatal({ err }, "uncaught exception");
		void end(1);
	});

	try {
		const rostrum = await starting;
		process.stdout.write(banner(rostrum, config.dataDir));
		if (process.argv.includes("--demo")) {
			demo = await startDemo({ baseUrl: rostrum.localUrl, adminToken: rostrum.adminToken }, { log });
			process.stdout.write(`  Demo, host:  ${demo.hostUrl}\n  Demo, watch: ${demo.watchUrl}\n\n`);
		}
	} catch (error) {
		if (ending) return;
		complain(error);
		await end(1);
	}
}

/** A stack only for what is not the operator's to mend. */
function complain(error: unknown): void {
	const known = error instanceof ConfigError || (error as NodeJS.ErrnoException).code === "EADDRINUSE";
	process.stderr.write(`${known ? (error as Error).message : (error as Error).stack}\n`);
}

main().catch((error: unknown) => {
	complain(error);
	process.exit(1);
});
