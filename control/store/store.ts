import { join } from "node:path";
import { Kysely, SqliteDialect } from "kysely";
import { Migrator } from "kysely/migration";
import { migrations } from "./migrations.ts";
import { openNodeSqlite } from "./node-sqlite.ts";
import type { StoreSchema } from "./schema.ts";

export type Store = Kysely<StoreSchema>;

/**
 * Opens `rostrum.sqlite` in `dataDir` (an existing directory) and brings its schema up to date. `store.destroy()` closes it.
 * @throws Error when the file cannot be opened or a migration fails
 */
export async function openStore({ dataDir }: { dataDir: string }): Promise<Store> {
	const store = new Kysely<StoreSchema>({
		dialect: new SqliteDialect({ database: openNodeSqlite(join(dataDir, "rostrum.sqlite")) }),
	});
	const migrator = new Migrator({ db: store, provider: { getMigrations: async () => migrations } });
	const { error } = await migrator.migrateToLatest();
	if (error === undefined) return store;
	await store.destroy();
	throw new Error("the database's schema could not be brought up to date", { cause: error });
}
