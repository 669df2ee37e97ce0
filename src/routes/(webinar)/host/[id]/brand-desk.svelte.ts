import { problemWords } from "#lib/components/problem-words.ts";
import type { createApi } from "#lib/control/api.ts";
import {
	type BrandImageName,
	type BrandInfo,
	brandImageTypeSchema,
	MAX_BRAND_IMAGE_BYTES,
	type PutBrand,
	plainBrand,
} from "../../../../../core/protocol/brand.ts";

export type BrandApi = Pick<
	ReturnType<typeof createApi>,
	"getBrand" | "putBrand" | "brandImage" | "putBrandImage" | "deleteBrandImage"
>;

/** How a webinar's programme looks, as a host changes it. */
export class BrandDesk {
	/** Null until it was loaded. */
	colours = $state.raw<PutBrand | null>(null);
	/** Object URLs of the images; null for none. */
	images = $state<Record<BrandImageName, string | null>>({ logo: null, "background-image": null });
	busy = $state(false);
	/** In a sentence. */
	problem = $state<string | null>(null);

	readonly #webinarId: string;
	readonly #api: BrandApi;
	#closed = false;

	constructor({ webinarId, api }: { webinarId: string; api: BrandApi }) {
		this.#webinarId = webinarId;
		this.#api = api;
	}

	/** Again is harmless. */
	async load(): Promise<void> {
		if (this.colours || this.busy) return;
		await this.#attempt(async () => {
			const brand = await this.#api.getBrand(this.#webinarId);
			for (const [name, info] of images(brand)) {
				if (info) this.#show(name, await this.#api.brandImage(this.#webinarId, name));
			}
			this.#take(brand);
		});
	}

	setColour(which: keyof PutBrand, colour: string): Promise<void> {
		const colours = { ...plainBrandColours, ...this.colours, [which]: colour };
		return this.#attempt(async () => this.#take(await this.#api.putBrand(this.#webinarId, colours)));
	}

	async setImage(name: BrandImageName, file: Blob): Promise<void> {
		const code = !brandImageTypeSchema.safeParse(file.type).success
			? "unsupported-media-type"
			: file.size > MAX_BRAND_IMAGE_BYTES && "body-too-large";
		if (code) {
			this.problem = problemWords({ code });
			return;
		}
		await this.#attempt(async () => {
			await this.#api.putBrandImage(this.#webinarId, name, file);
			this.#show(name, file);
		});
	}

	removeImage(name: BrandImageName): Promise<void> {
		return this.#attempt(async () => {
			await this.#api.deleteBrandImage(this.#webinarId, name);
			this.#show(name, null);
		});
	}

	close(): void {
		this.#closed = true;
		for (const name of ["logo", "background-image"] as const) this.#show(name, null);
	}

	#take({ background, accent }: BrandInfo): void {
		this.colours = { background, accent };
	}

	#show(name: BrandImageName, image: Blob | null): void {
		const before = this.images[name];
		if (before) URL.revokeObjectURL(before);
		this.images[name] = image && !this.#closed ? URL.createObjectURL(image) : null;
	}

	async #attempt(action: () => Promise<void>): Promise<void> {
		this.busy = true;
		this.problem = null;
		try {
			await action();
		} catch (error) {
			this.problem = problemWords(error);
		}
		this.busy = false;
	}
}

const plainBrandColours: PutBrand = { background: plainBrand.background, accent: plainBrand.accent };

const images = ({ logo, backgroundImage }: BrandInfo) =>
	[
		["logo", logo],
		["background-image", backgroundImage],
	] as const;
