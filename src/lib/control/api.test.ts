import { expect, test } from "vitest";
import { ApiProblem, createApi } from "./api.ts";

const webinar = {
	id: "abcdefghijkl",
	title: "Spring",
	state: "scheduled",
	access: "public",
	startsAt: null,
	createdAt: "2026-03-01T10:00:00.000Z",
	startedAt: null,
	endedAt: null,
	links: { host: "http://x/host", stage: "http://x/stage", watch: "http://x/watch", embed: "http://x/embed" },
};

function answering(status: number, body: unknown) {
	const requests: { url: string; init: RequestInit }[] = [];
	const fetch = async (url: unknown, init?: RequestInit) => {
		requests.push({ url: String(url), init: init ?? {} });
		const text = typeof body === "string" ? body : JSON.stringify(body);
		return new Response(status === 204 ? null : text, { status });
	};
	return {
		requests,
		api: createApi({ baseUrl: "http://x", token: () => "secret", fetch: fetch as typeof globalThis.fetch }),
	};
}

test("a call carries the token and the body, and gives the parsed answer", async () => {
	const { api, requests } = answering(201, webinar);
	expect(await api.createWebinar({ title: "Spring" })).toEqual(webinar);
	const [request] = requests;
	expect(request?.url).toBe("http://x/api/webinars");
	expect(request?.init.method).toBe("POST");
	expect(request?.init.body).toBe('{"title":"Spring"}');
	expect(request?.init.headers).toMatchObject({ authorization: "Bearer secret", "content-type": "application/json" });
});

test("addresses are built from encoded ids", async () => {
	const { api, requests } = answering(204, "");
	expect(await api.removeFromStage("abc/../x", "p-1?")).toBeUndefined();
	expect(requests[0]?.url).toBe("http://x/api/webinars/abc%2F..%2Fx/stage/p-1%3F");
	expect(requests[0]?.init.method).toBe("DELETE");
});

test("a problem answer becomes an ApiProblem with its code, status and a sentence", async () => {
	const body = { type: "about:blank", title: "The webinar has ended", status: 409, code: "webinar-ended" };
	const { api } = answering(409, body);
	const problem = await api.startWebinar("abcdefghijkl").catch((error: unknown) => error);
	expect(problem).toBeInstanceOf(ApiProblem);
	expect(problem).toMatchObject({ code: "webinar-ended", status: 409, detail: "The webinar has ended." });
});

test("a proxy's error page and an answer of another shape are told apart from the server's problems", async () => {
	await expect(answering(502, "<html>Bad gateway</html>").api.getWebinar("a")).rejects.toMatchObject({
		code: "unavailable",
		status: 502,
	});
	await expect(answering(418, "{}").api.getWebinar("a")).rejects.toMatchObject({
		code: "unexpected-answer",
		status: 418,
	});
	await expect(answering(200, { id: 1 }).api.getWebinar("a")).rejects.toMatchObject({
		code: "unexpected-answer",
		status: 200,
	});
});

test("no connection is said as such", async () => {
	const fetch = () => Promise.reject(new TypeError("Failed to fetch"));
	await expect(createApi({ fetch }).listWebinars()).rejects.toMatchObject({ code: "unreachable", status: 0 });
});

test("a file is sent as what it is, and an image comes back as its bytes", async () => {
	const brand = { background: "#101010", accent: "#202020", logo: null, backgroundImage: null };
	const { api, requests } = answering(200, brand);
	const image = new Blob(["bytes"], { type: "image/webp" });
	expect(await api.putBrandImage("abcdefghijkl", "background-image", image)).toEqual(brand);
	expect(requests[0]?.url).toBe("http://x/api/webinars/abcdefghijkl/brand/background-image");
	expect(requests[0]?.init.headers).toMatchObject({ "content-type": "image/webp" });
	expect(requests[0]?.init.body).toBe(image);
	expect(await (await answering(200, "bytes").api.brandImage("abcdefghijkl", "logo")).text()).toBe("bytes");
});
