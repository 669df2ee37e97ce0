import { expect, test } from "vitest";
import { outputAddress } from "./output-address.ts";

test.each([
	["rtmp://a.rtmp.example.com/live2", "abcd-1234", "rtmp://a.rtmp.example.com/live2/abcd-1234"],
	[" rtmps://host:443/app/ ", " key?x=1 ", "rtmps://host:443/app/key?x=1"],
	["rtmp://host/app/key", "", "rtmp://host/app/key"],
	["srt://host:9000", "publish:a b", "srt://host:9000?streamid=publish%3Aa%20b"],
	["SRT://host:9000?latency=200000", "k", "SRT://host:9000?latency=200000&streamid=k"],
	["srt://host:9000?passphrase=x", " ", "srt://host:9000?passphrase=x"],
])("%j and the key %j make %j", (server, key, url) => {
	expect(outputAddress(server, key)).toBe(url);
});
