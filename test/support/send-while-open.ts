import type { Track } from "node-datachannel";

/** False when it was not sent. */
export function sendWhileOpen(track: Track | undefined, packet: Buffer): boolean {
	if (!track?.isOpen()) return false;
	try {
		return track.sendMessageBinary(packet);
	} catch (error) {
		// The server may end the connection, on a thread of the library's, after the question above.
		if (track.isOpen()) throw error;
		return false;
	}
}
