import { once } from "node:events";
import { eventually } from "./deadline.ts";
import type { RostrumServer } from "./rostrum-server.ts";

interface InspectorMessage {
	method?: string;
	params?: { sessionId?: string; workerInfo?: { url: string } };
}

/** Lets the server's debugger take any free port. */
export const withDebugger = { NODE_OPTIONS: "--inspect-port=0" };
const DEADLINE_MS = 15_000;

/** Ends every media worker thread of a server started `withDebugger`, as an error in it would. Resolves when they are told. */
export async function loseMediaWorkers(server: RostrumServer): Promise<void> {
	process.kill(server.pid, "SIGUSR1");
	const address = await eventually(
		() => server.log.map((line) => /Debugger listening on (ws:\S+)/.exec(line)?.[1]).find(Boolean),
		DEADLINE_MS,
		() => "the debugger does not listen",
	);
	const socket = new WebSocket(address);
	await once(socket, "open");
	let lost = 0;
	socket.addEventListener("message", ({ data }) => {
		const { method, params } = JSON.parse(String(data)) as InspectorMessage;
		if (method !== "NodeWorker.attachedToWorker" || !params?.workerInfo?.url.endsWith("/media-worker.ts")) return;
		const message = { id: 1, method: "Runtime.evaluate", params: { expression: "process.exit(1)" } };
		const forWorker = { sessionId: params.sessionId, message: JSON.stringify(message) };
		socket.send(JSON.stringify({ id: 2, method: "NodeWorker.sendMessageToWorker", params: forWorker }));
		lost++;
	});
	socket.send(JSON.stringify({ id: 1, method: "NodeWorker.enable", params: { waitForDebuggerOnStart: false } }));
	await eventually(
		() => lost > 0 && server.log.filter((line) => line.includes("worker was lost")).length >= lost,
		DEADLINE_MS,
		() => `only ${lost} workers were found`,
	);
	socket.close();
}
