import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Every step of the schema, oldest first. Names are kept in the database: never rename or edit one that was released, add
 * the next number. Only what SQLite and PostgreSQL both take. Kysely runs them outside a transaction on SQLite, so each can
 * be run again after it was cut short.
 */
export const migrations: Record<string, Migration> = {
	"0001-webinars-and-people": {
		async up(db: Kysely<unknown>) {
			await db.schema
				.createTable("webinars")
				.ifNotExists()
				.addColumn("id", "text", (column) => column.primaryKey())
				.addColumn("title", "text", (column) => column.notNull())
				.addColumn("state", "text", (column) => column.notNull())
				.addColumn("starts_at", "text")
				.addColumn("created_at", "text", (column) => column.notNull())
				.addColumn("started_at", "text")
				.addColumn("ended_at", "text")
				.execute();
			await db.schema
				.createIndex("webinars_newest")
				.ifNotExists()
				.on("webinars")
				.columns(["created_at", "id"])
				.execute();
			await db.schema
				.createTable("people")
				.ifNotExists()
				.addColumn("webinar_id", "text", (column) => column.notNull().references("webinars.id").onDelete("cascade"))
				.addColumn("person_id", "text", (column) => column.notNull())
				.addColumn("name", "text", (column) => column.notNull())
				.addColumn("role", "text", (column) => column.notNull())
				.addColumn("created_at", "text", (column) => column.notNull())
				.addPrimaryKeyConstraint("people_key", ["webinar_id", "person_id"])
				.execute();
		},
	},
	"0002-programme-direction": {
		async up(db: Kysely<unknown>) {
			if (!(await hasColumn(db, "people", "title"))) {
				await db.schema
					.alterTable("people")
					.addColumn("title", "text", (column) => column.notNull().defaultTo(""))
					.execute();
			}
			await db.schema
				.createTable("scene_settings")
				.ifNotExists()
				.addColumn("webinar_id", "text", (column) => column.primaryKey().references("webinars.id").onDelete("cascade"))
				.addColumn("settings", "text", (column) => column.notNull())
				.execute();
			await db.schema
				.createTable("brands")
				.ifNotExists()
				.addColumn("webinar_id", "text", (column) => column.primaryKey().references("webinars.id").onDelete("cascade"))
				.addColumn("background", "text", (column) => column.notNull())
				.addColumn("accent", "text", (column) => column.notNull())
				.addColumn("background_image", "text")
				.addColumn("logo", "text")
				.execute();
			await db.schema
				.createTable("outputs")
				.ifNotExists()
				.addColumn("webinar_id", "text", (column) => column.notNull().references("webinars.id").onDelete("cascade"))
				.addColumn("output_id", "text", (column) => column.notNull())
				.addColumn("name", "text", (column) => column.notNull())
				.addColumn("url", "text", (column) => column.notNull())
				.addColumn("created_at", "text", (column) => column.notNull())
				.addPrimaryKeyConstraint("outputs_key", ["webinar_id", "output_id"])
				.execute();
		},
	},
	"0003-programme-log": {
		async up(db: Kysely<unknown>) {
			await db.schema
				.createTable("programme_changes")
				.ifNotExists()
				.addColumn("webinar_id", "text", (column) => column.notNull().references("webinars.id").onDelete("cascade"))
				.addColumn("number", "integer", (column) => column.notNull())
				.addColumn("at", "text", (column) => column.notNull())
				.addColumn("layout", "text", (column) => column.notNull())
				.addColumn("people", "text", (column) => column.notNull())
				.addColumn("speaker", "text")
				.addPrimaryKeyConstraint("programme_changes_key", ["webinar_id", "number"])
				.execute();
		},
	},
	"0004-private-webinars": {
		async up(db: Kysely<unknown>) {
			if (await hasColumn(db, "webinars", "access")) return;
			await db.schema
				.alterTable("webinars")
				.addColumn("access", "text", (column) => column.notNull().defaultTo("public"))
				.execute();
		},
	},
};

/** SQLite has no "add column if not exists". */
async function hasColumn(db: Kysely<unknown>, table: string, column: string): Promise<boolean> {
	const tables = await db.introspection.getTables();
	return tables.some(({ name, columns }) => name === table && columns.some((one) => one.name === column));
}
