import {
	type Brand,
	type BrandImageName,
	type BrandImageType,
	type BrandInfo,
	MAX_BRAND_IMAGE_SIDE_PX,
	type PutBrand,
	plainBrand,
} from "../../core/protocol/brand.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { BrandRow } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { inspectImage } from "./brand-image.ts";

const columns = { logo: "logo", "background-image": "background_image" } as const;

/** How each webinar's programme looks. It is kept, and told to the transcoder for webinars that are announced. */
export class Brands {
	readonly #store: Store;
	readonly #bus: Bus;
	readonly #announced = new Set<string>();

	constructor({ store, bus }: { store: Store; bus: Bus }) {
		this.#store = store;
		this.#bus = bus;
	}

	async info(webinarId: string): Promise<BrandInfo> {
		const { background, accent, logo, backgroundImage } = await this.#read(webinarId);
		return { background, accent, logo: describe(logo), backgroundImage: describe(backgroundImage) };
	}

	async setColours(webinarId: string, colours: PutBrand): Promise<BrandInfo> {
		await this.#write(webinarId, colours);
		return this.info(webinarId);
	}

	/** @throws AppError image-unknown */
	async image(webinarId: string, name: BrandImageName): Promise<{ type: BrandImageType; bytes: Buffer }> {
		const { logo, backgroundImage } = await this.#read(webinarId);
		const base64 = name === "logo" ? logo : backgroundImage;
		const bytes = Buffer.from(base64 ?? "", "base64");
		const facts = inspectImage(bytes);
		if (!facts) throw new AppError("image-unknown");
		return { type: facts.type, bytes };
	}

	/**
	 * `type`: what the bytes are said to be.
	 * @throws AppError unsupported-media-type: they are something else; unusable-image: broken, or too many pixels
	 */
	async setImage(
		webinarId: string,
		name: BrandImageName,
		{ type, bytes }: { type: string; bytes: Buffer },
	): Promise<BrandInfo> {
		const facts = inspectImage(bytes);
		if (facts?.type !== type) throw new AppError("unsupported-media-type", "The bytes are no image of that type");
		const longest = Math.max(facts.width, facts.height);
		if (Math.min(facts.width, facts.height) < 1 || longest > MAX_BRAND_IMAGE_SIDE_PX) {
			throw new AppError("unusable-image", `Each side must have 1 to ${MAX_BRAND_IMAGE_SIDE_PX} pixels`);
		}
		await this.#write(webinarId, { [columns[name]]: bytes.toString("base64") });
		return this.info(webinarId);
	}

	/** Again is harmless. */
	async removeImage(webinarId: string, name: BrandImageName): Promise<void> {
		await this.#write(webinarId, { [columns[name]]: null });
	}

	/** Tells the transcoder, now and at every change, until it is withdrawn. */
	async announce(webinarId: string): Promise<void> {
		this.#announced.add(webinarId);
		await this.#tell(webinarId);
	}

	withdraw(webinarId: string): void {
		if (this.#announced.delete(webinarId)) this.#bus.retain("brand", webinarId, null);
	}

	async #tell(webinarId: string): Promise<void> {
		const brand = await this.#read(webinarId);
		if (this.#announced.has(webinarId)) this.#bus.retain("brand", webinarId, brand);
	}

	async #read(webinarId: string): Promise<Brand> {
		const row = await this.#store
			.selectFrom("brands")
			.selectAll()
			.where("webinar_id", "=", webinarId)
			.executeTakeFirst();
		if (!row) return plainBrand;
		const { background, accent, logo, background_image: backgroundImage } = row;
		return { background, accent, logo, backgroundImage };
	}

	/** The webinar must exist. */
	async #write(webinarId: string, change: Partial<Omit<BrandRow, "webinar_id">>): Promise<void> {
		const { background, accent } = plainBrand;
		await this.#store
			.insertInto("brands")
			.values({ webinar_id: webinarId, background, accent, background_image: null, logo: null, ...change })
			.onConflict((conflict) => conflict.column("webinar_id").doUpdateSet(change))
			.execute();
		await this.#tell(webinarId);
	}
}

function describe(base64: string | null): BrandInfo["logo"] {
	if (base64 === null) return null;
	const bytes = Buffer.from(base64, "base64");
	const facts = inspectImage(bytes);
	return facts ? { ...facts, bytes: bytes.length } : null;
}
