import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EdgeServer, startEdgeServer } from "../../support/edge-server.ts";

/** nginx as in deploy/edge, but with the lock for playlists as well, to show what that costs. */
export async function startLockingNginx(origin: string): Promise<EdgeServer> {
	const folder = await mkdtemp(join(tmpdir(), "rostrum-locking-nginx-"));
	try {
		await cp(join(import.meta.dirname, "../../../deploy/edge"), folder, { recursive: true });
		const path = join(folder, "nginx.conf");
		const text = await readFile(path, "utf8");
		const changed = text
			.replace("\n\t\tproxy_cache live;\n", "\n\t\tproxy_cache live;\n\t\tproxy_cache_lock on;\n")
			.replace(/^\s*proxy_cache_lock_timeout .*$/m, "");
		if (changed === text) throw new Error("nginx.conf is not as it was");
		await writeFile(path, changed);
		return await startEdgeServer("nginx", origin, join(folder, "nginx.sh"));
	} finally {
		await rm(folder, { recursive: true }); // it has read it
	}
}
