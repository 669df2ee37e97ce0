import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Brand, MAX_BRAND_IMAGE_BYTES, plainBrand } from "../../core/protocol/brand.ts";
import type { Invitation, Webinar } from "../../core/protocol/webinar.ts";
import { ControlBench } from "../control.test-support.ts";
import { JPEG_32X20, PNG_3X2, WEBP_32X20 } from "../programme/brand-image.test-support.ts";

let bench: ControlBench;
let webinar: Webinar;
let host: Invitation;
let brands: (Brand | null)[];
beforeAll(async () => {
	bench = await ControlBench.start();
	bench.bus.watch("brand", (webinarId, brand) => {
		if (webinarId === webinar?.id) brands.push(brand);
	});
});
afterAll(() => bench.close());
beforeEach(async () => {
	brands = [];
	webinar = await bench.createWebinar("Brand test");
	host = await bench.invite(webinar.id, "host", "Hedy");
});

const path = (rest = "") => `/api/webinars/${webinar.id}/brand${rest}`;
const asHost = (method: string, rest: string, body?: unknown) =>
	bench.request(method, path(rest), { token: host.token, ...(body === undefined ? {} : { body }) });
async function upload(rest: string, bytes: Buffer | string | ReadableStream, type = "image/png") {
	const headers = { authorization: `Bearer ${host.token}`, "content-type": type };
	const answer = await fetch(`${bench.url}${path(rest)}`, {
		method: "PUT",
		headers,
		body: bytes,
		duplex: "half",
	} as RequestInit);
	return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.json() };
}
const start = () => bench.request("POST", `/api/webinars/${webinar.id}/start`, { token: host.token });

test("a brand is plain at first, takes colours and images, and gives them back", async () => {
	const { background, accent } = plainBrand;
	expect((await asHost("GET", "")).body).toEqual({ background, accent, logo: null, backgroundImage: null });
	expect((await asHost("GET", "/logo")).body.code).toBe("image-unknown");
	const colours = { background: "#102030", accent: "#FFAA00" };
	expect(await asHost("PUT", "", colours)).toMatchObject({ status: 200, body: colours });
	const logo = { type: "image/png", bytes: PNG_3X2.length, width: 3, height: 2 };
	expect(await upload("/logo", PNG_3X2)).toMatchObject({ status: 200, body: { ...colours, logo } });
	const [webp] = WEBP_32X20;
	expect((await upload("/background-image", JPEG_32X20, "image/jpeg")).status).toBe(200);
	expect(await upload("/background-image", webp ?? "", "Image/WebP; q=1")).toMatchObject({
		status: 200,
		body: { logo, backgroundImage: { type: "image/webp", width: 32, height: 20 } },
	});
	const answer = await fetch(`${bench.url}${path("/background-image")}`, {
		headers: { authorization: `Bearer ${host.token}` },
	});
	expect(answer.headers.get("content-type")).toBe("image/webp");
	expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
	expect(Buffer.from(await answer.arrayBuffer())).toEqual(webp);
	expect((await asHost("DELETE", "/background-image")).status).toBe(204);
	expect((await asHost("DELETE", "/background-image")).status).toBe(204);
	expect((await asHost("GET", "")).body).toEqual({ ...colours, logo, backgroundImage: null });
});

test("the transcoder has it before the programme begins, at every change, and until the end", async () => {
	await asHost("PUT", "", { background: "#102030", accent: "#ffaa00" });
	const order: string[] = [];
	const stops = (["brand", "programme"] as const).map((topic) =>
		bench.bus.watch(topic, (id) => void (id === webinar.id && order.push(topic))),
	);
	await start();
	expect(order).toEqual(["brand", "programme"]);
	expect(brands).toEqual([{ ...plainBrand, background: "#102030", accent: "#ffaa00" }]);
	await upload("/logo", PNG_3X2);
	expect(brands.at(-1)?.logo).toBe(PNG_3X2.toString("base64"));
	await bench.request("POST", `/api/webinars/${webinar.id}/end`, { token: host.token });
	expect(brands.at(-1)).toBeNull();
	await asHost("PUT", "", { background: "#000000", accent: "#ffffff" });
	expect(brands.at(-1)).toBeNull();
	for (const stop of stops) stop();
});

test("an image that is too large, of another kind or broken is refused with its code", async () => {
	const tooLarge = Buffer.concat([PNG_3X2, Buffer.alloc(MAX_BRAND_IMAGE_BYTES)]);
	const absurd = Buffer.from(PNG_3X2);
	absurd.writeUInt32BE(16_384, 16);
	const refusals: [Promise<Awaited<ReturnType<typeof upload>>>, number, string][] = [
		[upload("/logo", tooLarge), 413, "body-too-large"],
		[upload("/logo", new Blob([tooLarge]).stream()), 413, "body-too-large"],
		[upload("/logo", PNG_3X2, "image/jpeg"), 415, "unsupported-media-type"],
		[upload("/logo", PNG_3X2, "image/svg+xml"), 415, "unsupported-media-type"],
		[upload("/logo", "{}", "application/json"), 415, "unsupported-media-type"],
		[upload("/logo", "<svg/>"), 415, "unsupported-media-type"],
		[upload("/logo", ""), 415, "unsupported-media-type"],
		[upload("/logo", PNG_3X2.subarray(0, 20)), 422, "unusable-image"],
		[upload("/background-image", absurd), 422, "unusable-image"],
		[upload("", PNG_3X2), 415, "unsupported-media-type"],
	];
	for (const [answer, status, code] of refusals) {
		expect(await answer).toMatchObject({ status, type: expect.stringContaining("problem+json"), body: { code } });
	}
	expect((await asHost("GET", "")).body).toMatchObject({ logo: null, backgroundImage: null });
	expect(
		await upload("/logo", Buffer.concat([PNG_3X2, Buffer.alloc(MAX_BRAND_IMAGE_BYTES - PNG_3X2.length)])),
	).toMatchObject({
		status: 200,
	});
});

test("only hosts of the webinar may look or change", async () => {
	const presenter = await bench.invite(webinar.id, "presenter");
	for (const [method, rest] of [
		["GET", ""],
		["PUT", ""],
		["GET", "/logo"],
		["PUT", "/logo"],
		["DELETE", "/background-image"],
	] as const) {
		expect((await bench.request(method, path(rest), { token: presenter.token })).status).toBe(403);
	}
});
