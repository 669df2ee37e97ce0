import { AesCmCipher } from "./srtp-aes-cm.ts";
import { AesGcmCipher } from "./srtp-aes-gcm.ts";
import type { SrtpCipher } from "./srtp-cipher.ts";
import type { SrtpMaster, SrtpProfile, SrtpReceiver, SrtpSender } from "./srtp-context.ts";
import { deriveKeys } from "./srtp-keys.ts";
import { OpeningReceiver } from "./srtp-receiver.ts";
import { SealingSender } from "./srtp-sender.ts";

export function createSrtpSender(profile: SrtpProfile, master: SrtpMaster): SrtpSender {
	return new SealingSender(createCipher(profile, master));
}

export function createSrtpReceiver(profile: SrtpProfile, master: SrtpMaster): SrtpReceiver {
	return new OpeningReceiver(createCipher(profile, master));
}

function createCipher(profile: SrtpProfile, master: SrtpMaster): SrtpCipher {
	const [rtp, rtcp] = [deriveKeys(master, 0), deriveKeys(master, 3)];
	return profile === "AEAD_AES_128_GCM" ? new AesGcmCipher(rtp, rtcp) : new AesCmCipher(rtp, rtcp);
}
