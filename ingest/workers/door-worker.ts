import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../core/runtime/clock.ts";
import { Door } from "../transport/door.ts";
import type { DoorToMain, MainToDoor } from "../transport/door-messages.ts";
import type { ThreadData } from "./thread.ts";
import { createThreadLog } from "./thread-log.ts";

// The entry of the door's thread.

export interface DoorData extends ThreadData {
	/** 0 takes any free one. */
	port: number;
}

if (!parentPort) throw new Error("this is the entry of a thread");
const main = parentPort;
const { port, logLevel } = workerData as DoorData;

const door = await Door.open(port, { clock: systemClock, log: createThreadLog(logLevel, main) });
main.on("message", (message: MainToDoor) => {
	if (message.type === "stop") void stop();
	else door.onMessage(message);
});
const { hosts } = door.ports;
main.postMessage({
	type: "open",
	hosts,
	port: door.ports.port,
	fingerprint: door.identity.fingerprint,
} satisfies DoorToMain);

async function stop(): Promise<void> {
	await door.close();
	// Handshakes leave timers behind.
	process.exit();
}
