import type { SKRSContext2D } from "@napi-rs/canvas";

export interface Look {
	/** Background, from the top left to the bottom right. */
	background: [string, string];
	/** Soft lights in the background. */
	lights: string;
	panel: string;
	accent: string;
	skin: string;
	hair: string;
	clothes: string;
	longHair: boolean;
	glasses: boolean;
}

export interface Pose {
	/** Pixels that head and shoulders are lower than upright. */
	bobPx: number;
	/** 0 closed to 1 wide open. */
	mouth: number;
	eyesOpen: boolean;
}

/** A person from the chest up, the head's centre at x, y; about 250 wide and 290 high. */
export function drawFigure(ctx: SKRSContext2D, look: Look, x: number, y: number, pose: Pose): void {
	const headY = y + pose.bobPx;
	const shoulderY = y + 96 + pose.bobPx / 2;
	if (look.longHair) fillRounded(ctx, look.hair, x - 66, headY - 66, 132, 170, 62);
	drawShoulders(ctx, look, x, shoulderY);
	fillRounded(ctx, shade(look.skin, -0.12), x - 20, headY + 40, 40, 62, 18);
	fillEllipse(ctx, look.skin, x, headY, 52, 62);
	if (!look.longHair) {
		fillEllipse(ctx, look.skin, x - 52, headY + 6, 9, 14);
		fillEllipse(ctx, look.skin, x + 52, headY + 6, 9, 14);
	}
	drawHair(ctx, look, x, headY);
	drawFace(ctx, look, x, headY, pose);
}

function drawShoulders(ctx: SKRSContext2D, look: Look, x: number, y: number): void {
	ctx.fillStyle = look.clothes;
	ctx.beginPath();
	ctx.moveTo(x - 120, y + 180);
	ctx.bezierCurveTo(x - 122, y + 40, x - 96, y + 8, x - 30, y - 4);
	ctx.quadraticCurveTo(x, y + 22, x + 30, y - 4);
	ctx.bezierCurveTo(x + 96, y + 8, x + 122, y + 40, x + 120, y + 180);
	ctx.fill();
	ctx.strokeStyle = shade(look.clothes, -0.25);
	ctx.lineWidth = 5;
	ctx.beginPath();
	ctx.moveTo(x - 31, y - 3);
	ctx.quadraticCurveTo(x, y + 25, x + 31, y - 3);
	ctx.stroke();
}

function drawHair(ctx: SKRSContext2D, look: Look, x: number, y: number): void {
	ctx.fillStyle = look.hair;
	ctx.beginPath();
	ctx.moveTo(x - 56, y + 2);
	ctx.bezierCurveTo(x - 62, y - 84, x + 62, y - 84, x + 56, y + 2);
	if (look.longHair) {
		ctx.bezierCurveTo(x + 48, y - 20, x + 30, y - 34, x + 12, y - 40);
		ctx.bezierCurveTo(x - 8, y - 26, x - 38, y - 22, x - 56, y + 2);
	} else {
		ctx.bezierCurveTo(x + 52, y - 16, x + 44, y - 30, x + 34, y - 34);
		ctx.bezierCurveTo(x + 8, y - 26, x - 26, y - 30, x - 40, y - 36);
		ctx.bezierCurveTo(x - 48, y - 28, x - 52, y - 14, x - 56, y + 2);
	}
	ctx.fill();
}

function drawFace(ctx: SKRSContext2D, look: Look, x: number, y: number, { mouth, eyesOpen }: Pose): void {
	const dark = "#2a2330";
	for (const eyeX of [x - 20, x + 20]) {
		if (eyesOpen) fillEllipse(ctx, dark, eyeX, y - 4, 5, 6.5);
		else fillRounded(ctx, dark, eyeX - 6, y - 4, 12, 3, 1.5);
		fillRounded(ctx, look.hair, eyeX - 10, y - 22, 20, 4.5, 2.2);
	}
	fillEllipse(ctx, shade(look.skin, -0.1), x, y + 14, 6, 5);
	if (look.glasses) {
		ctx.strokeStyle = dark;
		ctx.lineWidth = 3;
		for (const lensX of [x - 21, x + 21]) {
			ctx.beginPath();
			ctx.roundRect(lensX - 16, y - 16, 32, 25, 10);
			ctx.stroke();
		}
		fillRounded(ctx, dark, x - 6, y - 8, 12, 3, 1);
	}
	ctx.lineCap = "round";
	if (mouth < 0.08) {
		ctx.strokeStyle = "#8c3b3f";
		ctx.lineWidth = 4;
		ctx.beginPath();
		ctx.moveTo(x - 15, y + 33);
		ctx.quadraticCurveTo(x, y + 42, x + 15, y + 33);
		ctx.stroke();
	} else {
		fillEllipse(ctx, "#7a2a31", x, y + 37, 14, 3 + 9 * mouth);
		fillEllipse(ctx, "#d9777b", x, y + 39 + 6 * mouth, 8, 1.5 + 3 * mouth);
	}
}

export function fillEllipse(ctx: SKRSContext2D, style: string, x: number, y: number, rx: number, ry: number): void {
	ctx.fillStyle = style;
	ctx.beginPath();
	ctx.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
	ctx.fill();
}

export function fillRounded(
	ctx: SKRSContext2D,
	style: string,
	x: number,
	y: number,
	width: number,
	height: number,
	radius: number,
): void {
	ctx.fillStyle = style;
	ctx.beginPath();
	ctx.roundRect(x, y, width, height, radius);
	ctx.fill();
}

/** `#rrggbb`, lighter for an amount above 0, darker below, -1 to 1. */
function shade(colour: string, amount: number): string {
	const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
	const target = amount < 0 ? 0 : 255;
	return `#${channels
		.map((c) =>
			Math.round(c + (target - c) * Math.abs(amount))
				.toString(16)
				.padStart(2, "0"),
		)
		.join("")}`;
}
