import type { MediaPlane } from "./media-plane.ts";
import type { Session } from "./sessions.ts";
import type { WorkerSnapshot } from "./workers/worker-messages.ts";

export interface LivingFigures {
	publishers: { session: Session; told: WorkerSnapshot["publishers"][number] }[];
	/** In order of coming. */
	subscribers: { session: Session; told: WorkerSnapshot["subscribers"][number] }[];
}

/** What the workers told last, of the sessions that are connected and have not ended since. */
export function livingFigures({ snapshots, sessions }: Pick<MediaPlane, "snapshots" | "sessions">): LivingFigures {
	const living: LivingFigures = { publishers: [], subscribers: [] };
	for (const { publishers, subscribers } of snapshots) {
		for (const told of publishers) {
			const session = sessions.get(told.session);
			if (session?.present) living.publishers.push({ session, told });
		}
		for (const told of subscribers) {
			const session = sessions.get(told.session);
			if (session) living.subscribers.push({ session, told });
		}
	}
	return living;
}
