import { pino } from "pino";
import { CodedOutput } from "./encode/coded-output.ts";
import { Programme } from "./programme.ts";
import type { FromProgramme, ToProgramme } from "./programme-messages.ts";

// The process of one programme: see programme-messages.ts for what its parent says to it, coded-frames.ts for fd 3.

const CODED_FRAMES_FD = 3;
/** How long the end of the programme may take before the process gives up. */
const END_DEADLINE_MS = 3000;

const log = pino({ base: null, level: process.env.LOG_LEVEL ?? "info" });
// Monotonic: a step of the machine's clock must not stop the programme.
const clock = { now: () => performance.timeOrigin + performance.now() };
let programme: Programme | undefined;

function fail(error: unknown): void {
	log.fatal({ err: error }, "programme failed");
	programme?.close();
	process.exit(1);
}

const output = new CodedOutput({ fd: CODED_FRAMES_FD }, { failed: fail });

function tell(message: FromProgramme): void {
	if (process.connected) process.send?.(message, undefined, {}, () => {}); // a parent that went is told by "disconnect"
}

async function end(): Promise<void> {
	setTimeout(() => fail(new Error("could not end in time")), END_DEADLINE_MS).unref();
	await programme?.finish();
	await output.end();
	process.exit(0);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
process.on("disconnect", () => {
	log.info("the parent went");
	programme?.close();
	process.exit(0);
});
// A terminal's Ctrl-C reaches every process of its group; the parent ends this one in its own time.
process.on("SIGINT", () => {});
process.on("message", (message: ToProgramme) => {
	if (message.type === "scene") programme?.setScene(message.scene);
	else if (message.type === "brand") programme?.setBrand(message.brand);
	else if (message.type === "preview") programme?.setPreviewWatched(message.watched);
	else if (message.type === "end") end().catch(fail);
	else {
		programme ??= new Programme(message, {
			log: log.child({ webinarId: message.scene.webinarId }),
			clock,
			events: {
				started: (pid) => tell({ type: "encoder-started", pid }),
				lost: (reason) => tell({ type: "encoder-lost", reason }),
				coded: (record) => output.write(record),
				load: (report) => tell({ type: "load", ...report }),
				loudness: (levels) => tell({ type: "loudness", levels }),
				changed: (change) => tell({ type: "change", change }),
			},
		});
	}
});
