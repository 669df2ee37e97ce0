import { networkInterfaces } from "node:os";

/** Loopback included: browsers on the same machine need it. Link-local IPv6 is left out: it means nothing elsewhere. */
export function localAddresses(): string[] {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return [...new Set(all.map(({ address }) => address))].filter((address) => !/^fe80:|%/i.test(address));
}
