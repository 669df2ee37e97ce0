/** In pixels of the canvas, all even: chroma has half the resolution. */
export interface Rect {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** Where one tile stands once nothing moves. Those that come later lie over those before them. */
export interface Placement {
	/** `tileKey` of whom it shows. */
	key: string;
	rect: Rect;
	/** A camera fills its tile, of a screen every edge is shown. */
	fit: "cover" | "contain";
	/** Of its rounded corners, in pixels; 0 for a tile that fills the canvas. */
	radius: number;
	labelled: boolean;
}
