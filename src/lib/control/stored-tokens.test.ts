import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { adminToken, forgetAdminToken, keepToken, takeTokensFromAddress, tokenFor } from "./stored-tokens.ts";

class MemoryStorage {
	readonly #items = new Map<string, string>();
	getItem = (key: string) => this.#items.get(key) ?? null;
	setItem = (key: string, value: string) => void this.#items.set(key, value);
	removeItem = (key: string) => void this.#items.delete(key);
}

const id = "abcdefghijkl";
let replaced: string | undefined;

function open(pathname: string, hash: string): void {
	replaced = undefined;
	const address = { pathname, hash, search: "" };
	vi.stubGlobal("location", address);
	vi.stubGlobal("history", {
		state: null,
		replaceState: (_state: unknown, _title: string, url: string) => {
			replaced = url;
			address.hash = "";
		},
	});
}

beforeEach(() => {
	vi.stubGlobal("sessionStorage", new MemoryStorage());
	vi.stubGlobal("localStorage", new MemoryStorage());
});
afterEach(() => vi.unstubAllGlobals());

test("a token leaves the address bar and is found again under its webinar and page", () => {
	open(`/stage/${id}`, "#token=t1");
	expect(takeTokensFromAddress()).toBe(true);
	expect(replaced).toBe(`/stage/${id}`);
	expect(tokenFor(id, "stage")).toBe("t1");
	expect(tokenFor(id, "host")).toBeUndefined();
	expect(tokenFor("aaaaaaaaaaaa", "stage")).toBeUndefined();
});

test("the admin token comes from any page and can be forgotten", () => {
	open("/", "#admin=a1");
	takeTokensFromAddress();
	expect(adminToken()).toBe("a1");
	forgetAdminToken();
	expect(adminToken()).toBeUndefined();
});

test("another fragment is left alone", () => {
	open(`/watch/${id}`, "#questions");
	expect(takeTokensFromAddress()).toBe(false);
	expect(replaced).toBeUndefined();
});

test("each tab keeps its own token, and a later tab gets the last one", () => {
	const first = new MemoryStorage();
	vi.stubGlobal("sessionStorage", first);
	open(`/stage/${id}`, "#token=ada");
	takeTokensFromAddress();
	vi.stubGlobal("sessionStorage", new MemoryStorage());
	open(`/stage/${id}`, "#token=ben");
	takeTokensFromAddress();
	expect(tokenFor(id, "stage")).toBe("ben");
	vi.stubGlobal("sessionStorage", first);
	expect(tokenFor(id, "stage")).toBe("ada");
	vi.stubGlobal("sessionStorage", new MemoryStorage());
	expect(tokenFor(id, "stage")).toBe("ben");
});

test("where storage is refused the token stays in the address and works from there", () => {
	const refuse = () => {
		throw new DOMException("denied", "SecurityError");
	};
	vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: refuse });
	vi.stubGlobal("localStorage", { getItem: () => null, setItem: refuse });
	open(`/watch/${id}`, "#token=t1");
	takeTokensFromAddress();
	expect(replaced).toBeUndefined();
	expect(tokenFor(id, "watch")).toBe("t1");
	expect(() => keepToken(id, "watch", "t2")).not.toThrow();
});
