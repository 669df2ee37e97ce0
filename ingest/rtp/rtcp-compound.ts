/** What fits into a datagram with SRTCP, UDP and IPv6 around it, on any path. */
const MAX_BYTES = 1_180;

/**
 * Compound packets (RFC 3550 section 6.1), as few as hold everything: each is `head`, the first instead `first`, then as many
 * of `packets` as fit; each of `finals`, which may end in padding, is the last of one.
 */
export function composeRtcp({
	first,
	head,
	packets,
	finals,
}: {
	first: Buffer[];
	head: Buffer[];
	packets: Buffer[];
	finals: Buffer[];
}): Buffer[] {
	const compounds: Buffer[] = [];
	let current = [...first];
	let bytes = sizeOf(current);
	const flush = () => {
		compounds.push(Buffer.concat(current));
		current = [...head];
		bytes = sizeOf(current);
	};
	const push = (packet: Buffer) => {
		if (bytes + packet.length > MAX_BYTES && current.length > head.length) flush();
		current.push(packet);
		bytes += packet.length;
	};
	for (const packet of packets) push(packet);
	for (const packet of finals) {
		push(packet);
		flush();
	}
	if (finals.length === 0) flush();
	return compounds;
}

const sizeOf = (packets: Buffer[]): number => packets.reduce((sum, { length }) => sum + length, 0);
