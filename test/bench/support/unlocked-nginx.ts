import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EdgeServer, startEdgeServer } from "../../support/edge-server.ts";

/** nginx as in deploy/edge, but without its lock for playlists, to show what that is worth. */
export async function startUnlockedNginx(origin: string): Promise<EdgeServer> {
	const folder = await mkdtemp(join(tmpdir(), "rostrum-unlocked-nginx-"));
	try {
		await cp(join(import.meta.dirname, "../../../deploy/edge"), folder, { recursive: true });
		const path = join(folder, "nginx.conf");
		const text = await readFile(path, "utf8");
		const changed = text.replace(/^\s*proxy_cache_lock on;\s*proxy_cache_lock_timeout 400ms;$/m, "");
		if (changed === text) throw new Error("nginx.conf is not as it was");
		await writeFile(path, changed);
		return await startEdgeServer("nginx", origin, join(folder, "nginx.sh"));
	} finally {
		await rm(folder, { recursive: true }); // it has read it
	}
}
