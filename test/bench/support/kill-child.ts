import { eventually } from "../../support/deadline.ts";
import type { RostrumServer } from "../../support/rostrum-server.ts";

const DEADLINE_MS = 30_000;
const commands = { encoder: /ffmpeg.*libx264/, process: /programme-process/ };

/** kill -9 of a programme's encoder or process, once there is one. */
export async function killChild(server: RostrumServer, victim: keyof typeof commands): Promise<void> {
	const { pid } = await eventually(
		async () => (await server.children()).find(({ command }) => commands[victim].test(command)),
		DEADLINE_MS,
		() => `no ${victim} to kill`,
	);
	process.kill(pid, "SIGKILL");
}
