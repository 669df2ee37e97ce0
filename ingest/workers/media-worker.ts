import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../core/runtime/clock.ts";
import { FeedServer } from "../feed/feed-server.ts";
import { Publisher } from "../sfu/publisher.ts";
import { Sfu } from "../sfu/sfu.ts";
import { Subscriber } from "../sfu/subscriber.ts";
import { MediaConnection, type MediaConnectionListener } from "../transport/media-connection.ts";
import { MediaConnections } from "../transport/media-connections.ts";
import { createThreadLog } from "./thread-log.ts";
import type { MainToWorker, OpenSession, WorkerData, WorkerToMain } from "./worker-messages.ts";

// The entry of a media worker: the rooms, connections and feed of some webinars.

if (!parentPort) throw new Error("this is the entry of a thread");
const main = parentPort;
const { feedPath, logLevel } = workerData as WorkerData;
const SNAPSHOT_INTERVAL_MS = 1_000;

const clock = systemClock;
const log = createThreadLog(logLevel, main);
const connections = new MediaConnections({ log });
const sfu = new Sfu(
	{
		onPresent: (publisher) =>
			tell({
				type: "present",
				session: publisher.session,
				audio: publisher.has("audio"),
				video: publisher.has("video"),
			}),
		onSlots: ({ session, people, sources }) => tell({ type: "slots", session, people, sources }),
		onEnded: ({ session }, reason) => tell({ type: "ended", session, reason }),
	},
	{ clock, log },
);
const feed = await FeedServer.listen(feedPath, {
	find: ({ webinarId, personId, source }) => sfu.room(webinarId)?.publisher(personId, source),
	watching(webinarId) {
		const room = sfu.room(webinarId);
		return room?.programmeWatched ? room : undefined;
	},
	log: log.child({ component: "feed" }),
});
const snapshots = setInterval(() => tell({ type: "snapshot", ...sfu.snapshot() }), SNAPSHOT_INTERVAL_MS);

main.on("message", (message: MainToWorker) => {
	switch (message.type) {
		case "attach":
			connections.attach(message.end);
			break;
		case "open":
			open(message);
			break;
		case "select":
			sfu.select(message.session, message.slot, message.maxHeight);
			break;
		case "loudness":
			sfu.room(message.webinarId)?.onLoudness(message.personId, message.level);
			break;
		case "close":
			sfu.closeSession(message.session, message.reason);
			break;
		case "stop":
			void stop();
			break;
	}
});
tell({ type: "ready" });

function tell(message: WorkerToMain): void {
	main.postMessage(message);
}

function open(opened: OpenSession): void {
	const { webinarId, personId, session, ice } = opened;
	const ids = { webinarId, personId, session };
	// The name of a session is a capability, so it is in no log.
	const parts = { clock, log: log.child({ webinarId, personId }) };
	const connect = (listener: MediaConnectionListener) =>
		new MediaConnection({ name: session, ice, hub: connections, listener }, parts);
	if (opened.kind === "subscriber") {
		const { programme, media } = opened;
		sfu.addSubscriber(new Subscriber({ ...ids, programme, media, connect }, { clock }));
	} else {
		const { source, media } = opened;
		sfu.addPublisher(new Publisher({ ...ids, source, media, connect }, { clock }));
	}
}

async function stop(): Promise<void> {
	clearInterval(snapshots);
	sfu.close();
	connections.close();
	await feed.close();
	main.close();
}
