/**
 * An offer that also asks for lost sound to be sent again (`nack` of RFC 4585 for Opus), as Chromium does by an answer that
 * says so, but does not offer. At 5 % of loss a voice is whole with it, and full of holes without.
 */
export function withSoundRepair(offer: string): string {
	return offer.replace(/^a=rtpmap:(\d+) opus\/48000\/2\r?\n/gim, (line, payloadType: string) => {
		const asked = new RegExp(`^a=rtcp-fb:${payloadType} nack\\r?$`, "m").test(offer);
		return asked ? line : `${line}a=rtcp-fb:${payloadType} nack\r\n`;
	});
}
