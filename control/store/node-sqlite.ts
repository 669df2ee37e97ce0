import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { SqliteDatabase } from "kysely";

/** Opens a file with the SQLite that is built into Node, in the shape Kysely's own SQLite dialect takes. */
export function openNodeSqlite(path: string): SqliteDatabase {
	const database = new DatabaseSync(path, { timeout: 5000 });
	database.exec("pragma journal_mode = wal");
	return {
		close: () => database.close(),
		prepare(sql) {
			const statement = database.prepare(sql);
			const inputs = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
			return {
				reader: statement.columns().length > 0,
				all: (parameters) => statement.all(...inputs(parameters)),
				run: (parameters) => statement.run(...inputs(parameters)),
				iterate: (parameters) => statement.iterate(...inputs(parameters)),
			};
		},
	};
}
