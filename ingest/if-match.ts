/**
 * Whether an `If-Match` header field (RFC 9110 section 13.1.1) has `etag`, given without quotes. Weak entity tags match
 * nothing: the comparison is the strong one.
 */
export function matchesIfMatch(header: string, etag: string): boolean {
	if (header.trim() === "*") return true;
	return header.split(",").some((entry) => entry.trim() === `"${etag}"`);
}
