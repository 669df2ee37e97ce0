/** Texts lie on a scrim of their own, so that they are readable over any picture. */
export const SCRIM = "rgba(10, 12, 18, 0.78)";
export const LIGHT_INK = "#f7f9fc";
export const LIGHT_INK_SOFT = "#cbd2e0";
const DARK_INK = "#10141d";
const DARK_INK_SOFT = "#3d4454";

/** #rrggbb as three numbers from 0 to 255. */
export function rgbOf(colour: string): [number, number, number] {
	const value = Number.parseInt(colour.slice(1), 16);
	return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
export function luminanceOf(colour: string): number {
	const [r, g, b] = rgbOf(colour).map((value) => {
		const part = value / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	}) as [number, number, number];
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio, 1 to 21 (WCAG 2.2). */
export function contrastOf(one: string, other: string): number {
	const [dark = 0, light = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b);
	return (light + 0.05) / (dark + 0.05);
}

/** The inks that are readable on a colour: for names, and for what stands below them. */
export function inksOn(colour: string): { ink: string; soft: string } {
	const isDark = contrastOf(colour, LIGHT_INK) >= contrastOf(colour, DARK_INK);
	const { ink, soft } = isDark ? { ink: LIGHT_INK, soft: LIGHT_INK_SOFT } : { ink: DARK_INK, soft: DARK_INK_SOFT };
	return { ink, soft: contrastOf(colour, soft) >= 4.5 ? soft : ink };
}

/** Between two colours: 0 is the first, 1 the second. */
export function mixOf(one: string, other: string, share: number): string {
	const to = rgbOf(other);
	const mixed = rgbOf(one).map((value, at) => Math.round(value + ((to[at] ?? 0) - value) * share));
	return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
