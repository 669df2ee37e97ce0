import type { Brand } from "../../core/protocol/brand.ts";
import { type ScenePerson, tileKey } from "../../core/protocol/scene.ts";
import type { Placement, Rect } from "./placement.ts";
import { contains } from "./rects.ts";
import { Tile, type TileSource, type TileTools } from "./tile.ts";

export interface Arrangement {
	placements: readonly Placement[];
	people: readonly ScenePerson[];
	/** `tileKey` of who speaks. */
	speaker: string | undefined;
	brand: Brand;
	sourceOf: (key: string) => TileSource;
}

/** A tile narrower than this part of the canvas is a small one. */
const SMALL_SHARE = 1 / 4;

/** The tiles of the canvas, those that are there and those on their way out. */
export class Tiles {
	readonly #tools: TileTools;
	#present = new Map<string, Tile>();
	#leaving: Tile[] = [];
	#rearranged = false;
	#tick = 0;

	constructor(tools: TileTools) {
		this.#tools = tools;
	}

	/** From the lowest to the topmost. */
	get layers(): Tile[] {
		return [...this.#present.values(), ...this.#leaving];
	}

	/** `hidden`: something lies over all of the canvas, whoever comes in need not fade in. `jump`: nobody moves, everybody is there. */
	arrange({ placements, people, speaker, brand, sourceOf }: Arrangement, atMs: number, motion: Transition): void {
		const before = this.#present;
		this.#present = new Map();
		const staying = new Set(placements.map(({ key }) => key));
		for (const [key, tile] of before) {
			if (staying.has(key) && people.some((person) => tileKey(person) === key)) continue;
			tile.leave(atMs, motion.jump);
			this.#leaving.push(tile);
			this.#rearranged = true;
		}
		for (const placement of placements) {
			const { key } = placement;
			const person = people.find((one) => tileKey(one) === key);
			if (!person) continue;
			const known = before.get(key);
			const tile = known ?? new Tile({ person, placement, brand }, { source: sourceOf(key), tools: this.#tools });
			const speaks = key === speaker && placements.length > 1;
			tile.go({ person, placement, brand, speaks }, atMs, motion.jump);
			// Under one that fades it need not fade itself: between them the background would shine through.
			const covered = this.#leaving.some(({ rect }) => contains(rect, placement.rect));
			if (!known && (motion.hidden || covered)) tile.appear();
			this.#present.set(key, tile);
		}
		if ([...before.keys()].join() !== [...this.#present.keys()].join()) this.#rearranged = true;
	}

	/** Moves to that moment. Returns the areas that look different than before. `holdSmall`: small tiles keep each picture for two ticks. */
	update(captureMs: number, holdSmall: boolean): Rect[] | "everywhere" {
		this.#tick++;
		let everywhere = this.#rearranged;
		this.#rearranged = false;
		const areas: Rect[] = [];
		for (const [index, tile] of this.layers.entries()) {
			const isSmall = tile.placement.rect.width < this.#tools.canvas.width * SMALL_SHARE;
			const changed = tile.update(captureMs, holdSmall && isSmall && (this.#tick + index) % 2 === 0);
			if (changed === "everywhere") everywhere = true;
			else areas.push(...changed);
		}
		for (const tile of this.#leaving) if (tile.gone) tile.close();
		this.#leaving = this.#leaving.filter((tile) => !tile.gone);
		return everywhere ? "everywhere" : areas;
	}

	close(): void {
		for (const tile of this.layers) tile.close();
		this.#present.clear();
		this.#leaving = [];
	}
}

export interface Transition {
	jump: boolean;
	hidden: boolean;
}
