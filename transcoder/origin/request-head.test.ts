import { describe, expect, it } from "vitest";
import { parseHead } from "./request-head.ts";

const ID = "abcdefghij12";
const get = (target: string, ...lines: string[]) =>
	[`GET ${target} HTTP/1.1`, "Host: example.org", ...lines, "", ""].join("\r\n");
const playlist = `/live/${ID}/720p/index.m3u8`;

describe("parseHead", () => {
	it("understands what a player asks", () => {
		const head = get(
			`${playlist}?_HLS_msn=4&_HLS_part=2`,
			"User-Agent: Mozilla/5.0 (X11) \xe9",
			"Accept: */*",
			"accept-encoding:\t gzip, deflate, br ",
			"Connection: Keep-Alive",
			"Via: 1.1 edge",
			"Empty:",
		);
		expect(parseHead(head)).toEqual({
			webinarId: ID,
			pass: undefined,
			rendition: "720p",
			name: "index.m3u8",
			query: "_HLS_msn=4&_HLS_part=2",
			range: undefined,
			acceptsGzip: true,
			isHead: false,
			viaEdge: true,
		});
	});

	it("tells a pass, a range and a HEAD", () => {
		const part = get(`/live/${ID}/~a.B-c_9/720p/part-1`, "Range: bytes=0-9");
		expect(parseHead(part)).toMatchObject({ pass: "a.B-c_9", name: "part-1", range: "bytes=0-9" });
		expect(parseHead(part.replace("GET", "HEAD"))).toMatchObject({ isHead: true, range: undefined });
		expect(parseHead(get(`/live/${ID}/720p/part-1`, "If-Range: x", "Range: bytes=0-9"))?.range).toBeUndefined();
		expect(parseHead(get(`/live/${ID}/index.m3u8`))).toMatchObject({ rendition: undefined, name: "index.m3u8" });
	});

	const plain = get(playlist);
	it.each([
		["a body by length", get(playlist, "Content-Length: 3")],
		["an empty body", get(playlist, "content-length: 0")],
		["a body in chunks", get(playlist, "Transfer-Encoding: chunked")],
		["both", get(playlist, "Content-Length: 3", "Transfer-Encoding: chunked")],
		["an upgrade", get(playlist, "Connection: Upgrade", "Upgrade: websocket")],
		["a connection that is to close", get(playlist, "Connection: close")],
		["a header that is the connection's own", get(playlist, "Connection: keep-alive, range", "Range: bytes=0-1")],
		["an expectation", get(playlist, "Expect: 100-continue")],
		["a folded line", get(playlist, "A: b", " c")],
		["a space before the colon", get(playlist, "Transfer-Encoding : chunked")],
		["a line without a colon", get(playlist, "nonsense")],
		["a header without a name", get(playlist, ": nonsense")],
		["bare line feeds", plain.replaceAll("\r\n", "\n")],
		["one bare line feed", get(playlist, "A: b\nContent-Length: 3")],
		["a bare carriage return", get(playlist, "A: b\rContent-Length: 3")],
		["a zero", get(playlist, "A: b\0c")],
		["no host", plain.replace("Host: example.org\r\n", "")],
		["an empty host", plain.replace("example.org", "")],
		["two hosts", get(playlist, "Host: example.org")],
		["two ranges", get(playlist, "Range: bytes=0-1", "Range: bytes=2-3")],
		["another method", plain.replace("GET", "POST")],
		["a method in small letters", plain.replace("GET", "get")],
		["HTTP/1.0", plain.replace("1.1", "1.0")],
		["no version", plain.replace(" HTTP/1.1", "")],
		["two spaces", plain.replace("GET ", "GET  ")],
		["an absolute address", get(`http://example.org${playlist}`)],
		["another part of the server", get("/api/webinars")],
		["an escape", get(`/live/${ID}/720p/%69ndex.m3u8`)],
		["a way up", get(`/live/${ID}/../../api`)],
		["a name that is a way up", get(`/live/${ID}/720p/..`)],
		["a fragment", get(`${playlist}#x`)],
		["letters that are none of ASCII", get(`/live/${ID}/720p/\xe9`)],
		["an empty pass", get(`/live/${ID}/~/index.m3u8`)],
		["a pass that is too long", get(`/live/${ID}/~${"a".repeat(201)}/index.m3u8`)],
		["nothing after its end", `${plain}x`],
		["an empty line before it", `\r\n${plain}`],
	])("leaves %s to others", (_what, head) => {
		expect(parseHead(head)).toBeUndefined();
	});
});
