import { candidateLines, inOrderOfPreference } from "./candidates.ts";
import { attributes, cutIntoLines, cutIntoSections, invalidSdp } from "./sdp-lines.ts";
import { type IceCredentials, type LocalTransport, parseIce } from "./session-description.ts";

/** What a client says by PATCH (`application/trickle-ice-sdpfrag`, RFC 8840 section 9). */
export interface IceFragment {
	/** Absent: those of the session now. */
	ice: IceCredentials | undefined;
	/**
	 * As they came, for an answer to name the same: the `a=group` line, and the first `m=` line with its `a=mid`. Empty when
	 * the client left them out.
	 */
	frame: { group: string[]; media: string[] };
}

/** RFC 8839 section 5.1: foundation, component, transport, priority, address, port, type, then names and values. */
const candidate = /^[\w+/]{1,32} \d{1,3} \S{1,16} \d{1,10} \S{1,255} \d{1,5} typ \S{1,16}( \S+ \S*)*$/;

/**
 * Candidates are looked at but not kept: an ICE-lite server learns a peer's addresses from its checks, which also is why
 * one that nothing can be done with (another transport, a name that resolves nowhere) is no error.
 * @throws AppError invalid-sdp
 */
export function parseFragment(fragment: string): IceFragment {
	const lines = cutIntoLines(fragment);
	if (!lines.some((line) => line.startsWith("a="))) throw invalidSdp("the fragment has no a= line");
	const [session = [], ...sections] = cutIntoSections(lines);
	for (const value of attributes(lines, "candidate")) {
		// Empty is how browsers' end of candidates looks when it is sent on as one.
		if (value !== "" && !candidate.test(value)) throw invalidSdp("the fragment has an a=candidate that is none");
	}
	const first = (name: string) => attributes(lines, name)[0];
	const [ufrag, password] = [first("ice-ufrag"), first("ice-pwd")];
	const ice = parseIce(ufrag, password);
	if (!ice && (ufrag !== undefined || password !== undefined))
		throw invalidSdp("the fragment has no usable pair of a=ice-ufrag and a=ice-pwd");
	const [media = []] = sections;
	return {
		ice,
		frame: {
			group: session.filter((line) => /^a=group:BUNDLE [\w ]+$/.test(line)).slice(0, 1),
			media: media.filter((line) => line.startsWith("m=") || line.startsWith("a=mid:")).slice(0, 2),
		},
	};
}

/** The answer to a restart: our new end of ICE, with every candidate. */
export function composeFragment(local: LocalTransport, { group, media }: IceFragment["frame"]): string {
	const lines = [
		"a=ice-lite",
		...group,
		...media,
		`a=ice-ufrag:${local.ufrag}`,
		`a=ice-pwd:${local.password}`,
		...candidateLines(inOrderOfPreference(local.hosts)),
	];
	return `${lines.join("\r\n")}\r\n`;
}
