import type { AgreedCodec, CodecName } from "../sdp/codecs.ts";

export function agreedCodec(
	codec: CodecName,
	payloadType: number,
	feedback: string[] = [],
	rtxPayloadType?: number,
): AgreedCodec {
	const clockRate = codec === "opus" ? 48_000 : 90_000;
	return {
		codec,
		name: codec,
		payloadType,
		clockRate,
		channels: undefined,
		parameters: "",
		feedback,
		...(rtxPayloadType === undefined ? {} : { rtxPayloadType }),
	};
}
