import { beforeEach, expect, test } from "vitest";
import { Publishers } from "./publishers.ts";

const pia = { personId: "p-piapiapiapia", name: "Pia", title: "", role: "presenter" } as const;
const both = { audio: true, video: true };
const page = { page: 1 };

let publishers: Publishers;
beforeEach(() => {
	publishers = new Publishers();
});
const video = () => [publishers.list()[0]?.video, publishers.onAir().find(({ source }) => source === "camera")?.video];

test("a camera that is switched off shows nothing, until it is on", () => {
	publishers.present(pia, "camera", both);
	expect(publishers.cameraSaid(pia.personId, true, page)).toBe(false);
	expect(video()).toEqual([true, true]);
	expect(publishers.cameraSaid(pia.personId, false, page)).toBe(true);
	expect(video()).toEqual([false, false]);
	expect(publishers.cameraSaid(pia.personId, false, page)).toBe(false);
	expect(publishers.cameraSaid(pia.personId, true, page)).toBe(true);
	expect(video()).toEqual([true, true]);
});

test("a screen is shown, whatever the camera is", () => {
	publishers.present(pia, "camera", both);
	publishers.present(pia, "screen", { audio: false, video: true });
	publishers.cameraSaid(pia.personId, false, page);
	expect(publishers.onAir()).toMatchObject([
		{ source: "screen", video: true },
		{ source: "camera", video: false },
	]);
});

test("it may be said before the person publishes, and holds while they publish again", () => {
	expect(publishers.cameraSaid(pia.personId, false, page)).toBe(false);
	publishers.present(pia, "camera", both);
	expect(video()).toEqual([false, false]);
	publishers.gone(pia.personId, "camera");
	publishers.present(pia, "camera", both);
	expect(video()).toEqual([false, false]);
});

test("what a page said that is gone holds for what it began, not for what another client begins", () => {
	publishers.present(pia, "camera", both);
	publishers.cameraSaid(pia.personId, false, page);
	publishers.connectionGone(pia.personId, { another: "page" });
	publishers.connectionGone(pia.personId, page);
	expect(video()).toEqual([false, false]);
	publishers.present(pia, "camera", { audio: false, video: true });
	expect(video()).toEqual([false, false]);
	publishers.gone(pia.personId, "camera");
	publishers.present(pia, "camera", both);
	expect(video()).toEqual([true, true]);
});

test("a camera that does not come is off, whatever is said", () => {
	publishers.cameraSaid(pia.personId, true, page);
	publishers.present(pia, "camera", { audio: true, video: false });
	expect(video()).toEqual([false, false]);
});
