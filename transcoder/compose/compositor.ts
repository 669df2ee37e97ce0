import type { Scene } from "../../core/protocol/scene.ts";
import { programmeFormat } from "../programme-format.ts";
import { drawSlate } from "./cards.ts";
import { Studio } from "./drawing.ts";
import { gridRects } from "./grid.ts";
import { type Colour, copyRect, createI420, fillRect, type I420 } from "./i420.ts";
import { PicturePool, type PooledPicture } from "./picture-pool.ts";
import { Tile, type TileSource } from "./tile.ts";

/** Around the tiles: #0b0e15. */
const BACKGROUND: Colour = [28, 131, 126];

/** Draws the programme's picture: the people of the scene in a grid, or the slate when there is nobody. */
export class Compositor {
	readonly #studio = new Studio();
	readonly #canvas = createI420(programmeFormat.width, programmeFormat.height);
	readonly #pool = new PicturePool();
	readonly #tiles = new Map<string, Tile>();
	#slate: { title: string; image: I420 } | undefined;
	#picture: PooledPicture | undefined;

	/** Moves to a scene. `sourceOf` is asked once for each person who comes in. */
	setScene({ title, people }: Scene, sourceOf: (personId: string) => TileSource): void {
		const rects = gridRects(people.length);
		for (const [personId, tile] of this.#tiles) {
			if (people.some((person) => person.personId === personId)) continue;
			tile.close();
			this.#tiles.delete(personId);
		}
		for (const [index, { personId, name }] of people.entries()) {
			const rect = rects[index];
			if (!rect) continue;
			const tile = this.#tiles.get(personId);
			if (tile) tile.place(name, rect);
			else this.#tiles.set(personId, new Tile({ name, rect }, { source: sourceOf(personId), studio: this.#studio }));
		}
		fillRect(this.#canvas, { x: 0, y: 0, ...programmeFormat }, BACKGROUND);
		if (people.length === 0) {
			if (this.#slate?.title !== title) this.#slate = { title, image: drawSlate(this.#studio, title) };
			copyRect(this.#slate.image, 0, 0, this.#canvas, { x: 0, y: 0, ...programmeFormat });
		}
		this.#forgetPicture();
	}

	/** The picture of that moment, the same object while nothing changes. Valid until the next call, unless it is retained. */
	draw(captureMs: number): PooledPicture {
		let changed = false;
		for (const tile of this.#tiles.values()) changed = tile.draw(this.#canvas, captureMs) || changed;
		if (changed) this.#forgetPicture();
		this.#picture ??= this.#pool.copyOf(this.#canvas.bytes);
		return this.#picture;
	}

	close(): void {
		for (const tile of this.#tiles.values()) tile.close();
		this.#tiles.clear();
		this.#studio.close();
	}

	#forgetPicture(): void {
		this.#picture?.release();
		this.#picture = undefined;
	}
}
