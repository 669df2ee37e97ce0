import datachannel from "node-datachannel";
import { deadline } from "../support/deadline.ts";
import type { Link } from "./link-header.ts";

const GATHERING_DEADLINE_MS = 15_000;

/** Relay candidates that a client gets from one TURN server of a Link header; none where it refuses. UDP and TCP only. */
export async function relayCandidates({ uri, parameters }: Link): Promise<string[]> {
	const [, host = "", port = "3478", transport = "udp"] =
		/^turn:(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(uri) ?? [];
	const connection = new datachannel.PeerConnection("turn", {
		iceServers: [
			{
				hostname: host,
				port: Number(port),
				username: parameters.get("username") ?? "",
				password: parameters.get("credential") ?? "",
				relayType: transport === "tcp" ? "TurnTcp" : "TurnUdp",
			},
		],
		iceTransportPolicy: "relay",
	});
	const candidates: string[] = [];
	const { promise: gathered, resolve } = Promise.withResolvers<void>();
	connection.onLocalCandidate((candidate) => candidates.push(candidate));
	connection.onGatheringStateChange((state) => state === "complete" && resolve());
	try {
		connection.createDataChannel("none"); // there is nothing to gather for without a medium
		await deadline(gathered, GATHERING_DEADLINE_MS, () => `gathering at ${uri} does not end`);
		return candidates.filter((candidate) => candidate.includes(" typ relay"));
	} finally {
		connection.close();
	}
}
