import type { Browser } from "playwright-core";
import { launchChromium } from "../../support/chromium.ts";
import { eventually } from "../../support/deadline.ts";
import { type RostrumServer, startRostrumServer } from "../../support/rostrum-server.ts";
import { StagePeer } from "../../support/stage/stage-peer.ts";

const LIVE_DEADLINE_MS = 60_000;
/** What two cores encode and still have time to play. */
const picture = { width: 640, height: 360, frameRate: 30, colour: "#246", encodings: [{ maxBitrate: 1_000_000 }] };

/** A live webinar of one presenter, Chromium, whose picture carries the time. */
export class ClockProgramme {
	readonly server: RostrumServer;
	readonly webinarId: string;
	readonly #presenter: Browser;

	private constructor(server: RostrumServer, presenter: Browser, webinarId: string) {
		this.server = server;
		this.#presenter = presenter;
		this.webinarId = webinarId;
	}

	/** When it can be watched. */
	static async start(): Promise<ClockProgramme> {
		const server = await startRostrumServer({ environment: { LADDER: "360,240" } });
		const presenter = await launchChromium();
		try {
			const { id } = await server.api.createWebinar("A clock");
			const { token } = await server.api.invite(id, "presenter", "Ada");
			const peer = await StagePeer.open(presenter, `${server.baseUrl}/healthz`);
			await peer.publish({ url: `${server.baseUrl}/whip/${id}`, token }, picture);
			await server.api.start(id);
			const programme = new ClockProgramme(server, presenter, id);
			await eventually(
				async () => (await fetch(programme.streamUrl())).ok,
				LIVE_DEADLINE_MS,
				() => "there is no stream",
			);
			return programme;
		} catch (error) {
			await presenter.close();
			await server.close();
			throw error;
		}
	}

	/** Address of the multivariant playlist, at the server's own address or another one. */
	streamUrl(baseUrl = this.server.baseUrl): string {
		return `${baseUrl}/live/${this.webinarId}/index.m3u8`;
	}

	watchUrl(baseUrl = this.server.baseUrl): string {
		return `${baseUrl}/watch/${this.webinarId}`;
	}

	async close(): Promise<void> {
		await this.#presenter.close();
		await this.server.close();
	}
}
