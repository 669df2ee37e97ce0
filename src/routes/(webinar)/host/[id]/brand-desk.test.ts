import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BrandApi, BrandDesk } from "./brand-desk.svelte.ts";

const png = (bytes = 10) => new Blob([new Uint8Array(bytes)], { type: "image/png" });
const plain = { background: "#101010", accent: "#202020", logo: null, backgroundImage: null };
const info = { type: "image/png", bytes: 10, width: 3, height: 2 } as const;

let urls: Set<string>;
let calls: unknown[][];
let refusal: { code: string } | undefined;

beforeEach(() => {
	urls = new Set();
	calls = [];
	refusal = undefined;
	let next = 0;
	vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
		const url = `blob:${next++}`;
		urls.add(url);
		return url;
	});
	vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void urls.delete(url));
});
afterEach(() => vi.restoreAllMocks());

function deskOf(brand: Awaited<ReturnType<BrandApi["getBrand"]>> = plain): BrandDesk {
	const answer = async <T>(value: T, ...call: unknown[]): Promise<T> => {
		calls.push(call);
		if (refusal) throw refusal;
		return value;
	};
	const api: BrandApi = {
		getBrand: (id) => answer(brand, "get", id),
		putBrand: (_id, colours) => answer({ ...brand, ...colours }, "put", colours),
		brandImage: (_id, name) => answer(png(), "image", name),
		putBrandImage: (_id, name, image) => answer(brand, "put image", name, image.size),
		deleteBrandImage: (_id, name) => answer(undefined, "delete image", name),
	};
	return new BrandDesk({ webinarId: "abcdefghijkl", api });
}

test("it loads once, with the images there are", async () => {
	const desk = deskOf({ ...plain, logo: info });
	expect(desk.colours).toBeNull();
	await Promise.all([desk.load(), desk.load()]);
	await desk.load();
	expect(calls).toEqual([
		["get", "abcdefghijkl"],
		["image", "logo"],
	]);
	expect(desk.colours).toEqual({ background: "#101010", accent: "#202020" });
	expect(desk.images.logo).toBe([...urls][0]);
	expect(desk.images["background-image"]).toBeNull();
});

test("one colour changes and the other stays", async () => {
	const desk = deskOf();
	await desk.load();
	await desk.setColour("accent", "#ff0000");
	expect(calls.at(-1)).toEqual(["put", { background: "#101010", accent: "#ff0000" }]);
	expect(desk.colours).toEqual({ background: "#101010", accent: "#ff0000" });
});

test("an image is shown once the server has it, and no URL is left over", async () => {
	const desk = deskOf();
	await desk.load();
	await desk.setImage("logo", png(20));
	await desk.setImage("logo", png(30));
	await desk.setImage("background-image", png(40));
	expect(calls.slice(1)).toEqual([
		["put image", "logo", 20],
		["put image", "logo", 30],
		["put image", "background-image", 40],
	]);
	expect(urls.size).toBe(2);
	await desk.removeImage("logo");
	expect(desk.images.logo).toBeNull();
	desk.close();
	expect(urls.size).toBe(0);
});

test("a file that cannot do is not sent, and one that is refused is not shown", async () => {
	const desk = deskOf();
	await desk.load();
	await desk.setImage("logo", new Blob(["<svg/>"], { type: "image/svg+xml" }));
	expect(desk.problem).toMatch(/PNG/);
	await desk.setImage("logo", png(1024 * 1024 + 1));
	expect(desk.problem).toMatch(/larger than 1 MB/);
	expect(calls).toHaveLength(1);
	refusal = { code: "unusable-image" };
	await desk.setImage("logo", png());
	expect(desk.problem).toMatch(/broken/);
	expect([desk.images.logo, desk.busy]).toEqual([null, false]);
	refusal = undefined;
	await desk.setImage("logo", png());
	expect(desk.problem).toBeNull();
	expect(desk.images.logo).not.toBeNull();
});
