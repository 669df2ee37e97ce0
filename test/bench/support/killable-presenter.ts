import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Invitation } from "../../../core/protocol/webinar.ts";
import type { RostrumServer } from "../../support/rostrum-server.ts";

/** A synthetic presenter with a tone of their own, in a process of their own. */
export class KillablePresenter {
	readonly #webinarId: string;
	readonly #invitation: Invitation;
	readonly #toneHz: number;
	#process: ChildProcess | undefined;

	private constructor(webinarId: string, invitation: Invitation, toneHz: number) {
		this.#webinarId = webinarId;
		this.#invitation = invitation;
		this.#toneHz = toneHz;
	}

	/** Invites them; resolves when they publish. */
	static async start(server: RostrumServer, webinarId: string, toneHz: number): Promise<KillablePresenter> {
		const invitation = await server.api.invite(webinarId, "presenter", `Tone ${toneHz}`);
		const presenter = new KillablePresenter(webinarId, invitation, toneHz);
		await presenter.restart(server);
		return presenter;
	}

	/** kill -9, and the same person publishes anew, as their page would. */
	async restart({ baseUrl }: RostrumServer): Promise<void> {
		this.kill();
		const endpoint = `${baseUrl}/whip/${this.#webinarId}`;
		const args = [endpoint, this.#invitation.token, String(this.#toneHz)];
		this.#process = fork(join(import.meta.dirname, "presenter-process.ts"), args);
		await once(this.#process, "message");
	}

	kill(): void {
		this.#process?.kill("SIGKILL");
	}
}
