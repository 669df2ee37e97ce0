import { demoPeople } from "./cast.ts";
import { DemoPresenter } from "./demo-presenter.ts";
import type { FromPresenters, ToPresenters } from "./presenter-messages.ts";

/** The process of the demo's presenters; see presenter-messages.ts. */
const presenters: DemoPresenter[] = [];

function tell(message: FromPresenters): void {
	if (process.connected) process.send?.(message);
}

async function end(): Promise<void> {
	await Promise.all(presenters.map((presenter) => presenter.close()));
	process.exit(0);
}

process.on("message", (message: ToPresenters) => {
	if (message.type === "end") return void end();
	for (const [turn, person] of demoPeople.entries()) {
		const token = message.tokens[turn];
		if (!token) continue;
		presenters.push(
			new DemoPresenter({ person, turn, turns: demoPeople.length, endpoint: message.endpoint, token }, tell),
		);
	}
});
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent decides when this one ends.
process.on("SIGINT", () => {});
