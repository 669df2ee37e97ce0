import { createCipheriv } from "node:crypto";
import type { SrtpMaster } from "./srtp-context.ts";

/** What one direction's RTP, or its RTCP, is protected with. */
export interface SessionKeys {
	/** 16 bytes. */
	encryption: Buffer;
	/** 20 bytes; AES-GCM has no use for it. */
	authentication: Buffer;
	/** 14 bytes, or 12 with GCM: as long as the master's. */
	salt: Buffer;
}

/** RFC 3711 section 4.3 with key derivation rate 0, and RFC 7714 section 11. `firstLabel`: 0 for SRTP, 3 for SRTCP. */
export function deriveKeys({ key, salt }: SrtpMaster, firstLabel: 0 | 3): SessionKeys {
	const derive = (label: number, length: number) => {
		const iv = Buffer.alloc(16);
		iv.set(salt);
		iv.writeUInt8(iv.readUInt8(7) ^ label, 7);
		return createCipheriv("aes-128-ctr", key, iv).update(Buffer.alloc(length));
	};
	return {
		encryption: derive(firstLabel, 16),
		authentication: derive(firstLabel + 1, 20),
		salt: derive(firstLabel + 2, salt.length),
	};
}
