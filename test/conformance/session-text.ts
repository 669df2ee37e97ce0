/** One m= section of a session description, or what stands before the first. */
export interface SdpSection {
	/** Lines without their ends, the m= line first. */
	lines: string[];
}

/** A session description or an SDP fragment (RFC 8840), taken apart at its m= lines. */
export class SessionText {
	readonly text: string;
	readonly session: SdpSection;
	readonly media: SdpSection[];

	constructor(text: string) {
		this.text = text;
		const sections: SdpSection[] = [{ lines: [] }];
		for (const line of text.split(/\r?\n/)) {
			if (line.startsWith("m=")) sections.push({ lines: [] });
			if (line !== "") sections.at(-1)?.lines.push(line);
		}
		this.session = sections[0] ?? { lines: [] };
		this.media = sections.slice(1);
	}

	/** Values of an attribute wherever it stands: `ice-ufrag` gives one for each `a=ice-ufrag:` line. */
	all(name: string): string[] {
		return [this.session, ...this.media].flatMap((section) => values(section, name));
	}

	/** An attribute of ICE or DTLS: of the first section that has it, as everything is bundled. */
	first(name: string): string | undefined {
		return this.all(name)[0];
	}

	/** Mids of the BUNDLE group. */
	get bundle(): string[] {
		const group = values(this.session, "group").find((value) => value.startsWith("BUNDLE"));
		return group?.split(" ").slice(1) ?? [];
	}
}

/** Values of an attribute in one section; "" for one that has none. */
export function values({ lines }: SdpSection, name: string): string[] {
	return lines.flatMap((line) => {
		if (line === `a=${name}`) return [""];
		return line.startsWith(`a=${name}:`) ? [line.slice(name.length + 3)] : [];
	});
}

export function has(section: SdpSection, name: string): boolean {
	return values(section, name).length > 0;
}

const directions = ["sendonly", "recvonly", "sendrecv", "inactive"] as const;

/** Of a section; RFC 8866 section 6.7: sendrecv where nothing is said. */
export function directionOf(section: SdpSection): (typeof directions)[number] {
	return directions.find((direction) => has(section, direction)) ?? "sendrecv";
}

export function kindOf({ lines }: SdpSection): string {
	return /^m=(\S+)/.exec(lines[0] ?? "")?.[1] ?? "";
}

export interface IceCandidate {
	component: number;
	/** Lower case. */
	transport: string;
	address: string;
	port: number;
	type: string;
}

/** RFC 8839 section 5.1. */
export function parseCandidate(value: string): IceCandidate {
	const [, component = "", transport = "", , address = "", port = "", , type = ""] = value.split(" ");
	return { component: Number(component), transport: transport.toLowerCase(), address, port: Number(port), type };
}
