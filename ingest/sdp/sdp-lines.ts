import { AppError } from "../../core/runtime/errors.ts";

/**
 * The lines of an SDP or an SDP fragment, with either line end (RFC 8866 section 5).
 * @throws AppError invalid-sdp
 */
export function cutIntoLines(sdp: string): string[] {
	const lines = sdp.split(/\r?\n/).filter((line) => line !== "");
	if (!lines.every((line) => /^[a-z]=\P{Cc}*$/u.test(line))) throw invalidSdp("it has a line that is no SDP");
	return lines;
}

/** The session's lines, then those of each m= line. */
export function cutIntoSections(lines: string[]): string[][] {
	const sections: string[][] = [[]];
	for (const line of lines) {
		if (line.startsWith("m=")) sections.push([]);
		sections.at(-1)?.push(line);
	}
	return sections;
}

/** Values of `a=name:value`; an empty string for each bare `a=name`. */
export function attributes(section: string[], name: string): string[] {
	const bare = `a=${name}`;
	const start = `${bare}:`;
	return section.flatMap((line) => {
		if (line === bare) return [""];
		return line.startsWith(start) ? [line.slice(start.length)] : [];
	});
}

export function invalidSdp(detail: string): AppError {
	return new AppError("invalid-sdp", `The SDP could not be understood: ${detail}`);
}
