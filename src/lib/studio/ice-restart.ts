/** What WHIP and WHEP send to restart ICE: the new credentials of an offer (RFC 8840, RFC 9725 section 4.3.3). */
export function restartFragment(offer: string): string {
	const lines = offer.split(/\r?\n/);
	const first = (start: string) => lines.find((line) => line.startsWith(start));
	const media = first("m=")?.replace(/^(m=\w+) \d+/, "$1 9");
	const fragment = [first("a=group:"), first("a=ice-ufrag:"), first("a=ice-pwd:"), media, first("a=mid:")];
	return `${fragment.filter((line) => line !== undefined).join("\r\n")}\r\n`;
}

/** The answer to that offer: the one before it, with the server's new credentials. @throws Error: it has none */
export function restartedAnswer(answer: string, fragment: string): string {
	const given = (name: string) => {
		const value = new RegExp(`^a=${name}:(\\S+)`, "m").exec(fragment)?.[1];
		if (value === undefined) throw new Error(`the fragment has no ${name}`);
		return value;
	};
	return answer
		.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${given("ice-ufrag")}`)
		.replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${given("ice-pwd")}`);
}
