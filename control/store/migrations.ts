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
};
