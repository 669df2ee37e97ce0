import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "./store.ts";

let dataDir: string;
beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "rostrum-store-"));
});
afterEach(() => rm(dataDir, { recursive: true }));

const webinar = {
	id: "aaaaaaaaaaaa",
	title: "Größe 🎬 'quoted'",
	state: "scheduled",
	access: "public",
	starts_at: null,
	created_at: "2026-01-01T00:00:00.000Z",
	started_at: null,
	ended_at: null,
} as const;
const person = {
	webinar_id: webinar.id,
	person_id: "p-aaaaaaaaaaaa",
	name: "Ann",
	title: "Head of Größe",
	role: "host",
	created_at: webinar.created_at,
} as const;

test("what was stored is there when the database is opened again", async () => {
	const first = await openStore({ dataDir });
	await first.insertInto("webinars").values(webinar).execute();
	await first.destroy();

	const second = await openStore({ dataDir });
	expect(await second.selectFrom("webinars").selectAll().execute()).toEqual([webinar]);
	await second.destroy();
});

test("people go with their webinar, and cannot be of none", async () => {
	const store = await openStore({ dataDir });
	await expect(store.insertInto("people").values(person).execute()).rejects.toThrow(/FOREIGN KEY/);
	await store.insertInto("webinars").values(webinar).execute();
	await store.insertInto("people").values(person).execute();
	await store.deleteFrom("webinars").execute();
	expect(await store.selectFrom("people").selectAll().execute()).toEqual([]);
	await store.destroy();
});

test("the file is in WAL mode, so that a reader such as a backup does not hold up the server", async () => {
	await (await openStore({ dataDir })).destroy();
	const file = new DatabaseSync(join(dataDir, "rostrum.sqlite"), { readOnly: true });
	expect(file.prepare("pragma journal_mode").get()).toEqual({ journal_mode: "wal" });
	file.close();
});

test("a migration that was cut short is run again", async () => {
	const half = new DatabaseSync(join(dataDir, "rostrum.sqlite"));
	half.exec(
		"create table webinars (id text primary key, title text not null, state text not null, starts_at text, created_at text not null, started_at text, ended_at text)",
	);
	half.close();
	const store = await openStore({ dataDir });
	await store.insertInto("webinars").values(webinar).execute();
	await store.insertInto("people").values(person).execute();
	await store.destroy();
});

test("a database of the first version keeps its webinars, which are public, and its people, who get no title", async () => {
	const store = await openStore({ dataDir });
	await store.destroy();
	const file = new DatabaseSync(join(dataDir, "rostrum.sqlite"));
	file.exec("drop table outputs; drop table brands; drop table scene_settings; alter table people drop column title");
	file.exec("alter table webinars drop column access");
	file.exec("delete from kysely_migration where name <> '0001-webinars-and-people'");
	file.exec("insert into webinars values ('aaaaaaaaaaaa', 'Old', 'live', null, '2026', null, null)");
	file.exec("insert into people values ('aaaaaaaaaaaa', 'p-aaaaaaaaaaaa', 'Ann', 'host', '2026')");
	// Cut short in its middle, too.
	file.exec("alter table people add column title text not null default ''");
	file.close();
	const opened = await openStore({ dataDir });
	expect(await opened.selectFrom("people").select(["name", "title"]).execute()).toEqual([{ name: "Ann", title: "" }]);
	expect(await opened.selectFrom("webinars").select(["title", "access"]).execute()).toEqual([
		{ title: "Old", access: "public" },
	]);
	await opened.insertInto("scene_settings").values({ webinar_id: "aaaaaaaaaaaa", settings: "{}" }).execute();
	await opened.deleteFrom("webinars").execute();
	expect(await opened.selectFrom("scene_settings").selectAll().execute()).toEqual([]);
	await opened.destroy();
});

test("a schema from a newer version is refused rather than worked on", async () => {
	const store = await openStore({ dataDir });
	await store.destroy();
	const file = new DatabaseSync(join(dataDir, "rostrum.sqlite"));
	file.exec("insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030-01-01')");
	file.close();
	await expect(openStore({ dataDir })).rejects.toThrow(/schema could not be brought up to date/);
});
