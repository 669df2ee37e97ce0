import type { LayoutKind, Scene } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import { layOut } from "./layout.ts";
import type { Placement } from "./placement.ts";

/** The layout from one moment to the next: remembers who sat where, so that nobody moves who need not. */
export class Seating {
	readonly #canvas: Size;
	#kind: LayoutKind | undefined;
	#seated: string[] = [];

	constructor(canvas: Size) {
		this.#canvas = canvas;
	}

	/** Where everybody stands now. `speaker`: `tileKey` of who speaks, as far as known. */
	layOut(scene: Pick<Scene, "people" | "layout">, speaker: string | undefined): Placement[] {
		const before = scene.layout.kind === this.#kind ? this.#seated : [];
		const placements = layOut(scene, speaker, this.#canvas, before);
		this.#kind = scene.layout.kind;
		this.#seated = placements.map(({ key }) => key);
		return placements;
	}
}
