import * as z from "zod";

/**
 * What a programme gives up while the machine has too little time for it, in this order; each includes those before it:
 * eased changes of layout; every second picture of small tiles; the highest rendition's size; every second picture of the
 * programme; the encoder's care. Never sound.
 */
export const sheddingSchema = z.enum(["none", "transitions", "small-tiles", "top-rung", "frame-rate", "quality"]);
export type Shedding = z.infer<typeof sheddingSchema>;
