import { randomFillSync } from "node:crypto";
import { EventEmitter } from "node:events";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import { drawId } from "../../core/protocol/ids.ts";
import { type CreateOutput, MAX_OUTPUTS, type Output } from "../../core/protocol/outputs.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { OutputRow } from "../store/schema.ts";
import type { Store } from "../store/store.ts";

type OutputsEvents = {
	/** Which outputs there are, or how they go. */
	changed: [webinarId: string];
};

type Health = Pick<Output, "state" | "reason">;

const idle: Health = { state: "idle", reason: null };

/**
 * Where each webinar's programme is sent besides. They are kept, and told to the transcoder while the webinar is live. Their
 * URLs hold secrets, which leave this for the transcoder alone.
 */
export class Outputs extends EventEmitter<OutputsEvents> {
	readonly #store: Store;
	readonly #clock: Clock;
	readonly #bus: Bus;
	readonly #log: Logger;
	/** By webinar that is announced, then by output. */
	readonly #health = new Map<string, Map<string, Health>>();
	readonly #unsubscribe: () => void;

	constructor({ store, clock, bus, log }: { store: Store; clock: Clock; bus: Bus; log: Logger }) {
		super();
		this.#store = store;
		this.#clock = clock;
		this.#bus = bus;
		this.#log = log;
		this.#unsubscribe = bus.subscribe("output-state", (event) => this.#heard(event));
	}

	/** In the order they were added. */
	async list(webinarId: string): Promise<Output[]> {
		return (await this.#rows(webinarId)).map((row) => this.#toOutput(row));
	}

	/**
	 * The webinar must exist.
	 * @throws AppError too-many-outputs
	 */
	async add(webinarId: string, { name, url }: CreateOutput): Promise<Output> {
		const row: OutputRow = {
			webinar_id: webinarId,
			output_id: drawId((bytes) => randomFillSync(bytes)),
			name,
			url,
			created_at: new Date(this.#clock.now()).toISOString(),
		};
		await this.#store.transaction().execute(async (transaction) => {
			const { count } = await transaction
				.selectFrom("outputs")
				.select(({ fn }) => fn.countAll().as("count"))
				.where("webinar_id", "=", webinarId)
				.executeTakeFirstOrThrow();
			if (Number(count) >= MAX_OUTPUTS) throw new AppError("too-many-outputs");
			await transaction.insertInto("outputs").values(row).execute();
		});
		this.#log.info({ webinarId, output: row.output_id, server: serverOf(url) }, "an output was added");
		await this.#changed(webinarId);
		return this.#toOutput(row);
	}

	/** @throws AppError output-unknown */
	async remove(webinarId: string, outputId: string): Promise<void> {
		const { numDeletedRows } = await this.#store
			.deleteFrom("outputs")
			.where("webinar_id", "=", webinarId)
			.where("output_id", "=", outputId)
			.executeTakeFirstOrThrow();
		if (numDeletedRows === 0n) throw new AppError("output-unknown");
		this.#health.get(webinarId)?.delete(outputId);
		await this.#changed(webinarId);
	}

	/** The webinar is live: tells the transcoder, now and at every change, until it is withdrawn. */
	async announce(webinarId: string): Promise<void> {
		if (!this.#health.has(webinarId)) this.#health.set(webinarId, new Map());
		await this.#tell(webinarId);
	}

	withdraw(webinarId: string): void {
		if (!this.#health.delete(webinarId)) return;
		this.#bus.retain("outputs", webinarId, null);
		this.emit("changed", webinarId);
	}

	close(): void {
		this.#unsubscribe();
	}

	async #changed(webinarId: string): Promise<void> {
		await this.#tell(webinarId);
		this.emit("changed", webinarId);
	}

	async #tell(webinarId: string): Promise<void> {
		const rows = await this.#rows(webinarId);
		if (!this.#health.has(webinarId)) return;
		const outputs = rows.map(({ output_id: id, url }) => ({ id, url }));
		this.#bus.retain("outputs", webinarId, outputs.length > 0 ? outputs : null);
	}

	#heard({ webinarId, id, state, reason }: EventTopics["output-state"]): void {
		this.#health.get(webinarId)?.set(id, { state, reason: reason ?? null });
		this.emit("changed", webinarId);
	}

	#rows(webinarId: string): Promise<OutputRow[]> {
		return this.#store
			.selectFrom("outputs")
			.selectAll()
			.where("webinar_id", "=", webinarId)
			.orderBy("created_at")
			.orderBy("output_id")
			.execute();
	}

	#toOutput({ webinar_id: webinarId, output_id: id, name, url }: OutputRow): Output {
		return { id, name, server: serverOf(url), ...(this.#health.get(webinarId)?.get(id) ?? idle) };
	}
}

/** Neither path nor query nor user of it: any of them may be the secret. */
function serverOf(url: string): string {
	const { protocol, host } = new URL(url);
	return `${protocol}//${host}`;
}
