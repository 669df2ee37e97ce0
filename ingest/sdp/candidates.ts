import { isIPv4 } from "node:net";
import type { LocalHost } from "./session-description.ts";

/** RFC 8445 section 5.1.2.2, and RFC 6544 section 4.2, which wants TCP below UDP. */
const TYPE_PREFERENCE = { udp: 126, tcp: 90 };
/** RFC 6544 section 4.2: of passive candidates. */
const PASSIVE_PREFERENCE = 4;

/** UDP first, then what is likeliest to be reachable: ffmpeg takes the first candidate alone, and it has to be UDP. */
export function inOrderOfPreference(hosts: LocalHost[]): LocalHost[] {
	return [...hosts].sort((a, b) => rank(a) - rank(b));
}

/** All of them: this server never trickles (RFC 9725 section 4.3.2). `hosts`: in order of preference. */
export function candidateLines(hosts: LocalHost[]): string[] {
	return [...hosts.map(candidate), "a=end-of-candidates"];
}

function candidate({ address, port, protocol }: LocalHost, index: number): string {
	const localPreference =
		protocol === "udp" ? 2 ** 16 - 1 - index : PASSIVE_PREFERENCE * 2 ** 13 + (2 ** 13 - 1 - index);
	const priority = TYPE_PREFERENCE[protocol] * 2 ** 24 + localPreference * 2 ** 8 + 255;
	const end = protocol === "tcp" ? " tcptype passive" : "";
	return `a=candidate:${index + 1} 1 ${protocol} ${priority} ${address} ${port} typ host${end}`;
}

function rank({ address, protocol }: LocalHost): number {
	const loopback = address === "127.0.0.1" || address === "::1";
	return (protocol === "tcp" ? 10 : 0) + (loopback ? 2 : isIPv4(address) ? 0 : 1);
}
