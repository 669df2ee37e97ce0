import type { CommandLine } from "../encode/encoder-command.ts";

const SCHEMES = ["rtmp:", "rtmps:", "srt:"];

/** Of whatever waits for the network. */
const NETWORK_TIMEOUT_US = 10_000_000;

/** Why that URL is not sent to, or undefined. Says nothing of the URL itself, which holds a secret. */
export function urlFault(url: string): string | undefined {
	if (!URL.canParse(url)) return "its address is not one";
	const { protocol, hostname } = new URL(url);
	if (!SCHEMES.includes(protocol)) return "its address is not rtmp, rtmps or srt";
	return hostname === "" ? "its address names no host" : undefined;
}

/**
 * Sends coded frames, an FLV stream on standard input, to a URL as they are. The URL stands in the arguments of ffmpeg's
 * process, as ffmpeg takes it in no other way: whoever may list this machine's processes sees it.
 */
export function restreamCommand(url: string): CommandLine {
	const srt = new URL(url).protocol === "srt:";
	// Only what it is for: a redirect or a name within the stream must not open files or other addresses.
	const protocols = ["-protocol_whitelist", srt ? "srt,udp,pipe" : "rtmp,rtmps,tls,tcp,pipe"].join(" ");
	// Whoever stands in between must not get the stream's key.
	const flv = ["-f flv", "-flvflags no_duration_filesize", `-rw_timeout ${NETWORK_TIMEOUT_US}`, "-tls_verify 1"];
	const mpegTs = ["-f mpegts", "-muxdelay 0", "-pat_period 0.5"];
	return {
		inputs: [
			{ url: "pipe:0", options: ["-stats", "-stats_period 1", "-f flv", "-probesize 65536", "-analyzeduration 0"] },
		],
		filter: undefined,
		outputs: [{ url, options: ["-map 0:v", "-map 0:a", "-c copy", protocols, ...(srt ? mpegTs : flv)] }],
	};
}

/** What ffmpeg says that tells the cause, and what a host is told instead: its own words hold the URL. */
const causes: [RegExp, string][] = [
	[/connection refused/i, "nobody listens there"],
	[/failed to resolve|name or service|no address/i, "its host is not known"],
	[/timed? ?out/i, "it does not answer in time"],
	[/no route|unreachable/i, "there is no way to it"],
	[
		/authoriz|forbidden|permission|denied|NetStream\.Publish|rejected|bad ?secret/i,
		"it refuses the stream, or its key",
	],
	[/certificate|tls|ssl/i, "its certificate is not to be trusted"],
	[
		/broken pipe|connection reset|end of file|input\/output error|connection (was|does)/i,
		"it broke the connection off",
	],
];

export function causeOf(lines: string[]): string {
	for (const [pattern, words] of causes) if (lines.some((line) => pattern.test(line))) return words;
	return "sending to it failed";
}
