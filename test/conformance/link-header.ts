/** One link of RFC 8288. */
export interface Link {
	uri: string;
	/** Relation types. */
	rel: string[];
	parameters: Map<string, string>;
}

/** Every link of the Link headers, of which there may be several. */
export function linksOf(headers: Headers): Link[] {
	const header = headers.get("link") ?? "";
	return [...header.matchAll(/<([^>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)/g)].map(
		([, uri = "", rest = ""]) => {
			const parameters = new Map<string, string>();
			for (const [, name = "", quoted, bare] of rest.matchAll(
				/([\w*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?/g,
			)) {
				parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
			}
			return { uri, rel: (parameters.get("rel") ?? "").split(/\s+/), parameters };
		},
	);
}
