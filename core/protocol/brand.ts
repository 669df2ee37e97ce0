import * as z from "zod";

/** More is refused: it travels in messages between processes. */
export const MAX_BRAND_IMAGE_BYTES = 1024 * 1024;

/** PNG, JPEG or WebP in base64. */
const image = z.base64().max(Math.ceil(MAX_BRAND_IMAGE_BYTES / 3) * 4);
const colour = z.string().regex(/^#[0-9a-f]{6}$/i, "must be a colour as #rrggbb");

/** How a webinar's programme looks. */
export const brandSchema = z.object({
	/** Of what surrounds the tiles, and of slates. */
	background: colour,
	/** Covers `background`. */
	backgroundImage: image.nullable(),
	/** Of the active speaker's ring, of bars and marks. */
	accent: colour,
	/** In the top right corner. */
	logo: image.nullable(),
});
export type Brand = z.infer<typeof brandSchema>;

/** `PUT /api/webinars/:id/brand` host. The images have addresses of their own below it. */
export const putBrandSchema = z.strictObject({ background: colour, accent: colour });
export type PutBrand = z.infer<typeof putBrandSchema>;

export const brandImageTypeSchema = z.enum(["image/png", "image/jpeg", "image/webp"]);
export type BrandImageType = z.infer<typeof brandImageTypeSchema>;
/** No side of an image may be longer: what decodes it would need hundreds of megabytes. */
export const MAX_BRAND_IMAGE_SIDE_PX = 4096;

/** The images' last path segments. */
export const brandImageNameSchema = z.enum(["logo", "background-image"]);
export type BrandImageName = z.infer<typeof brandImageNameSchema>;

const imageInfo = z.object({
	type: brandImageTypeSchema,
	bytes: z.number().int(),
	width: z.number().int(),
	height: z.number().int(),
});

/** A brand as hosts read it: the images' bytes have addresses of their own. */
export const brandInfoSchema = z.object({
	...putBrandSchema.shape,
	logo: imageInfo.nullable(),
	backgroundImage: imageInfo.nullable(),
});
export type BrandInfo = z.infer<typeof brandInfoSchema>;

export const plainBrand: Brand = { background: "#0b0e15", backgroundImage: null, accent: "#5b8cff", logo: null };
