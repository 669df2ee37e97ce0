import { SessionText, values } from "./session-text.ts";

/** What a client PATCHes to restart ICE: the ICE lines of its new offer's first m= section (RFC 8840). */
export function restartFragment(offer: string): string {
	const { session, media, bundle } = new SessionText(offer);
	const [first] = media;
	if (!first) throw new Error("the offer has no m= line");
	const options = values({ lines: [...session.lines, ...first.lines] }, "ice-options").slice(0, 1);
	const lines = [
		...options.map((value) => `a=ice-options:${value}`),
		`a=group:BUNDLE ${bundle.join(" ")}`,
		(first.lines[0] ?? "").replace(/^(m=\S+ )\d+/, "$19"),
		...["mid", "ice-ufrag", "ice-pwd", "candidate"].flatMap((name) =>
			values({ lines: [...session.lines, ...first.lines] }, name).map((value) => `a=${name}:${value}`),
		),
		"a=end-of-candidates",
	];
	return `${lines.join("\r\n")}\r\n`;
}

/** The server's first answer with the ICE credentials and candidates of its answer to the restart. */
export function restartedAnswer(answer: SessionText, fragment: SessionText): string {
	const replaced = { "ice-ufrag": fragment.first("ice-ufrag"), "ice-pwd": fragment.first("ice-pwd") };
	const candidates = fragment.all("candidate");
	const sections = [answer.session, ...answer.media].map((section) => {
		const isFirst = section === answer.media[0];
		const kept = section.lines
			// A candidate that is not in the new set is gone; where none is given, the old ones stay (RFC 8839 section 4.4.1.1.1).
			.filter((line) => candidates.length === 0 || !/^a=(candidate:|end-of-candidates)/.test(line))
			.map((line) => {
				const name = /^a=(ice-ufrag|ice-pwd):/.exec(line)?.[1] as keyof typeof replaced | undefined;
				return name ? `a=${name}:${replaced[name]}` : line;
			});
		return isFirst ? [...kept, ...candidates.map((value) => `a=candidate:${value}`)] : kept;
	});
	return `${sections.flat().join("\r\n")}\r\n`;
}
