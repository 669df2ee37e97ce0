/**
 * One URL out of what platforms give as two: RTMP takes the key as the end of the path, SRT as a stream id (SRT access
 * control guidelines, "streamid").
 */
export function outputAddress(server: string, key: string): string {
	const address = server.trim();
	const secret = key.trim();
	if (!secret) return address;
	if (!/^srt:/i.test(address)) return `${address.replace(/\/+$/, "")}/${secret}`;
	return `${address}${address.includes("?") ? "&" : "?"}streamid=${encodeURIComponent(secret)}`;
}
