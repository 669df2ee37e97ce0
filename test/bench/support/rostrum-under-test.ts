import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PeerClient } from "./peer-client.ts";
import type { FromIngest, ToIngest } from "./rostrum-ingest.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const WEBINAR = "abcdefghijkl";

/** Ingest in a process of its own, with any webinar one likes. */
export interface IngestProcess {
	readonly pid: number;
	/** Negotiates a client whose media is set up already; `rewrite` may change the answer. Gives the session's URL. */
	negotiate(
		path: "whip" | "whep",
		webinarId: string,
		participant: number,
		client: PeerClient,
		rewrite?: (answer: string) => Promise<string>,
	): Promise<string>;
	ask(question: Extract<ToIngest, { type: "heap" | "sessions" }>): Promise<FromIngest>;
	/** Ends all of someone's sessions. */
	remove(webinarId: string, participant: number): void;
	close(): Promise<void>;
}

export async function startIngestProcess(): Promise<IngestProcess> {
	const directory = await mkdtemp(join(tmpdir(), "rostrum-bench-"));
	const probe = pathToFileURL(join(import.meta.dirname, "heap-probe.ts")).href;
	const child = fork(join(import.meta.dirname, "rostrum-ingest.ts"), [directory], {
		execArgv: ["--expose-gc", "--import", probe, ...process.execArgv],
	});
	const { origin } = await answerOf(child);
	return {
		pid: child.pid ?? 0,
		async negotiate(path, webinarId, participant, client, rewrite = async (answer) => answer) {
			const response = await fetch(`${origin}/${path}/${webinarId}`, {
				method: "POST",
				headers: { "content-type": "application/sdp", authorization: `Bearer ${participant}` },
				body: await client.offer(),
			});
			const answer = await response.text();
			if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${answer}`);
			client.accept(await rewrite(answer));
			return response.headers.get("location") ?? "";
		},
		ask(question) {
			child.send(question);
			return answerOf(child);
		},
		remove: (webinarId, participant) => void child.send({ type: "remove", webinarId, participant } satisfies ToIngest),
		async close() {
			const exited = once(child, "exit");
			child.disconnect();
			await exited;
			await rm(directory, { recursive: true, force: true });
		},
	};
}

export async function startRostrum(): Promise<ServerUnderTest> {
	const ingest = await startIngestProcess();
	return {
		name: "rostrum",
		version: "",
		pid: ingest.pid,
		async publish(participant, client) {
			await ingest.negotiate("whip", WEBINAR, participant, client);
		},
		async subscribe(participant, to, client) {
			// One more than there are others: with a single slot it would be an ordinary player's session.
			for (let slot = 0; slot < Math.max(2, to.length); slot++) client.addReceiving(slot);
			await ingest.negotiate("whep", WEBINAR, participant, client);
		},
		heapBytes: async () => (await ingest.ask({ type: "heap" })).heapBytes,
		close: () => ingest.close(),
	};
}

async function answerOf(child: ChildProcess): Promise<FromIngest> {
	const ended = new AbortController();
	try {
		return await Promise.race([
			once(child, "message", { signal: ended.signal }).then(([message]) => message as FromIngest),
			once(child, "exit", { signal: ended.signal }).then(([code]) => {
				throw new Error(`the server ended with ${code}`);
			}),
		]);
	} finally {
		ended.abort();
	}
}
