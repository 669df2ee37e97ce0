import type { Brand } from "../../core/protocol/brand.ts";
import type { Slate } from "../../core/protocol/scene.ts";
import type { Studio } from "./drawing.ts";
import { blend, createI420, type I420 } from "./i420.ts";
import { inksOn, LIGHT_INK, LIGHT_INK_SOFT, SCRIM } from "./text-colours.ts";
import { drawDigits, drawLines, fitText } from "./text-fit.ts";
import { evenUp, unitOf } from "./text-scale.ts";

const WORDS: Record<Slate["kind"], string> = {
	"starting-soon": "Starting soon",
	"back-in-a-moment": "Back in a moment",
	"thank-you": "Thank you",
};

/** Whole seconds until it starts, undefined when nothing is counted down. While it stays the same, so does the slate. */
export function slateSecondsLeft({ kind, startsAt }: Slate, nowMs: number): number | undefined {
	if (kind !== "starting-soon" || startsAt === null || startsAt <= nowMs) return undefined;
	return Math.ceil((startsAt - nowMs) / 1000);
}

/** mm:ss, from an hour on h:mm:ss. */
export function countdown(seconds: number): string {
	const two = (value: number) => String(value).padStart(2, "0");
	const hours = Math.floor(seconds / 3600);
	const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
	return hours > 0 ? `${hours}:${rest}` : rest;
}

/** The whole canvas while nobody is on air: what is going on, and the webinar's title, over `background` (of `drawBackground`). */
export function drawSlate(
	studio: Studio,
	{ title, slate, secondsLeft }: { title: string; slate: Slate; secondsLeft: number | undefined },
	background: I420,
	brand: Brand,
): I420 {
	const unit = unitOf(background);
	const centred = (text: string, weight: number, largest: number, lines = 1) =>
		fitText(studio, text, { weight, width: unit * 1300, lines, largest: unit * largest, least: unit * 44 });
	const words = centred(WORDS[slate.kind], 500, 48);
	const named = centred(title, 600, 92, 3);
	const left = centred(secondsLeft === undefined ? "" : countdown(secondsLeft), 600, 80);
	const bar = { width: unit * 88, height: unit * 8 };
	const { ink, soft } = brand.backgroundImage ? { ink: LIGHT_INK, soft: LIGHT_INK_SOFT } : inksOn(brand.background);
	const gap = unit * 28;
	const parts = [
		{ fitted: words, colour: soft },
		{ fitted: named, colour: ink },
		{ fitted: left, colour: ink },
	].filter(({ fitted }) => fitted.lines.length > 0);
	const inside = parts.reduce(
		(sum, { fitted }) => sum + fitted.lines.length * fitted.lineHeight,
		gap * parts.length + bar.height,
	);
	const padding = unit * 64;
	const width = evenUp(Math.max(...parts.map(({ fitted }) => fitted.width)) + padding * 2);
	const height = evenUp(inside + padding * 1.5);
	const overlay = studio.overlay(width, height, (to) => {
		if (brand.backgroundImage) {
			to.fillStyle = SCRIM;
			to.beginPath();
			to.roundRect(0, 0, width, height, unit * 28);
			to.fill();
		}
		let top = (height - inside) / 2;
		to.fillStyle = brand.accent;
		to.beginPath();
		to.roundRect((width - bar.width) / 2, top, bar.width, bar.height, bar.height / 2);
		to.fill();
		top += bar.height + gap;
		for (const { fitted, colour } of parts) {
			to.fillStyle = colour;
			if (fitted === left) drawDigits(to, fitted, { x: width / 2, top });
			else drawLines(to, fitted, { x: width / 2, top, align: "center" });
			top += fitted.lines.length * fitted.lineHeight + gap;
		}
	});
	const image = createI420(background.width, background.height);
	image.bytes.set(background.bytes);
	blend(overlay, image, evenUp((background.width - width) / 2), evenUp((background.height - height) / 2));
	return image;
}
