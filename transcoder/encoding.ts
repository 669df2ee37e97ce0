import type { Config } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import { measureEncoder } from "./encode/encoder-cost.ts";
import { ffmpegVersion, probeEncoder } from "./encode/probe-encoder.ts";
import type { EncoderName } from "./encode/video-encoders.ts";
import type { Ladder } from "./ladder.ts";
import { chooseLadder } from "./ladder-choice.ts";

interface EncodingOptions {
	encoder: EncoderName;
	ladder: Config["ladder"];
	dataDir: string;
	/** For sockets; its path must be short. */
	runDir: string;
}

/** How this server encodes its programmes. */
export interface Encoding {
	encoder: EncoderName;
	/** Some seconds later than the rest when it has to be measured first. Never rejects. */
	ladder: Promise<Ladder>;
	close(): void;
}

/** @throws ConfigError when that encoder does not work here */
export async function prepareEncoding(
	{ encoder, ladder: setting, dataDir, runDir: socketDir }: EncodingOptions,
	{ log: root }: { log: Logger },
): Promise<Encoding> {
	const log = root.child({ component: "encoding" });
	const version = await ffmpegVersion();
	await probeEncoder(encoder);
	const closing = new AbortController();
	const { signal } = closing;
	const measure = (ladder: Ladder) => measureEncoder({ encoder, ladder, socketDir }, signal);
	const ladder = chooseLadder({ setting, encoder, dataDir, ffmpegVersion: version, measure }, log);
	return { encoder, ladder, close: () => closing.abort() };
}
