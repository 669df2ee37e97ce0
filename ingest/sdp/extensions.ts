import { attributes } from "./sdp-lines.ts";
import type { ExtensionIds } from "./session-media.ts";

export type ExtensionName = keyof ExtensionIds;

/** `a=extmap` of an offer (RFC 8285 section 5). */
export interface OfferedExtension {
	id: number;
	uri: string;
	/** From the offerer; absent is both ways. */
	direction: string | undefined;
}

/** `a=extmap` of the answer. */
export interface AnsweredExtension {
	name: ExtensionName;
	id: number;
	/** Ours, where the offer named one. */
	direction: "sendonly" | "recvonly" | undefined;
}

export const extensionUris: Record<ExtensionName, string> = {
	mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
	rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	repairedRid: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	transportCc: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	absSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	orientation: "urn:3gpp:video-orientation",
};

/** Of one-byte headers (RFC 8285 section 4.2), which every client reads. */
const MAX_ID = 14;

export function parseExtensions(section: string[]): OfferedExtension[] {
	return attributes(section, "extmap").flatMap((value) => {
		const [, id, direction, uri] = /^(\d{1,5})(?:\/(\w+))? (\S+)/.exec(value) ?? [];
		return id && uri ? [{ id: Number(id), uri, direction }] : [];
	});
}

/** What was offered of `wanted`, under the offerer's ids, as far as its direction suits one who only sends or receives. */
export function agreeOnExtensions(
	offered: OfferedExtension[],
	wanted: ExtensionName[],
	direction: "sendonly" | "recvonly",
): AnsweredExtension[] {
	const theirs = direction === "recvonly" ? "sendonly" : "recvonly";
	return wanted.flatMap((name) => {
		const found = offered.find(
			(extension) =>
				extension.uri === extensionUris[name] &&
				extension.id >= 1 &&
				extension.id <= MAX_ID &&
				[undefined, "sendrecv", theirs].includes(extension.direction),
		);
		return found ? [{ name, id: found.id, direction: found.direction ? direction : undefined }] : [];
	});
}

/** Under which id the offerer would send it, agreed or not. */
export function offeredId(offered: OfferedExtension[], name: ExtensionName): number | undefined {
	return agreeOnExtensions(offered, [name], "recvonly")[0]?.id;
}

export function extensionIds(answered: AnsweredExtension[]): ExtensionIds {
	return Object.fromEntries(answered.map(({ name, id }) => [name, id]));
}
