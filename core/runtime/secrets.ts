import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Secrets {
	adminToken: string;
	/** Drawn by this start, so that it has to be shown to the one who started it. */
	adminTokenIsNew: boolean;
	/** Signs every token; 32 bytes. */
	tokenSecret: Uint8Array;
}

/** Reads the secrets kept in `dataDir`, drawing those that are missing. Files are readable by their owner alone. */
export async function loadSecrets(dataDir: string, adminToken: string | undefined): Promise<Secrets> {
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	const tokenSecret = await readOrDraw(join(dataDir, "token-secret"));
	const kept = adminToken ? { value: adminToken, isNew: false } : await readOrDraw(join(dataDir, "admin-token"));
	return {
		adminToken: kept.value,
		adminTokenIsNew: kept.isNew,
		tokenSecret: new TextEncoder().encode(tokenSecret.value),
	};
}

async function readOrDraw(path: string): Promise<{ value: string; isNew: boolean }> {
	try {
		const value = (await readFile(path, "utf8")).trim();
		if (value.length >= 32) return { value, isNew: false };
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
	const value = randomBytes(32).toString("base64url");
	await writeFile(path, `${value}\n`, { mode: 0o600 });
	return { value, isNew: true };
}
