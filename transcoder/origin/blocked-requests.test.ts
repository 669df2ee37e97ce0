import { describe, expect, it } from "vitest";
import { Answer } from "./answer.ts";
import { BlockedRequests } from "./blocked-requests.ts";

const LIMIT = 10_000;

function fill(limit = LIMIT) {
	const log: string[] = [];
	const looks: string[] = [];
	const answers = new Map<string, Answer>();
	const blocked = new BlockedRequests<string>({
		limit,
		answer: (question) => {
			looks.push(question);
			return answers.get(question);
		},
	});
	const ask = (question: string, name: string, untilMs = 6000) => {
		const asker = { take: ({ status }: Answer) => void log.push(`${name} ${status}`) };
		return { asker, taken: blocked.add(question, question, asker, untilMs) };
	};
	const know = (question: string) => answers.set(question, new Answer({ kind: "media", status: 200 }));
	return { blocked, log, looks, ask, know };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("BlockedRequests", () => {
	it("takes no more than its limit, and more again when some have gone", () => {
		const { blocked, ask } = fill(2);
		const { asker, taken } = ask("?", "a");
		expect([taken, ask("?", "b").taken, ask("?", "c").taken]).toEqual([true, true, false]);
		blocked.remove(asker);
		expect(ask("?", "d").taken).toBe(true);
		expect(blocked.size).toBe(2);
	});

	it("answers what can be answered, once, in the order in which it was asked", () => {
		const { blocked, ask, know, log } = fill();
		for (const [question, name] of ["1a", "2b", "1c", "3d", "3e"]) ask(question as string, name as string);
		know("3");
		know("1");
		blocked.release();
		blocked.release();
		expect(log).toEqual(["a 200", "c 200", "d 200", "e 200"]);
		expect(blocked.size).toBe(1);
	});

	it("looks at each question once, however many ask it, and not at one that nobody asks any more", () => {
		const { blocked, ask, looks } = fill();
		const { asker } = ask("gone", "z");
		blocked.remove(asker);
		for (let i = 0; i < 100; i++) ask(i % 2 ? "odd" : "even", String(i));
		blocked.release();
		expect(looks).toEqual(["even", "odd"]);
	});

	it("lets others have their turn while it answers thousands, who keep their order", async () => {
		const { blocked, ask, know, log } = fill();
		const slow = (name: string) => {
			const take = ({ status }: Answer) => {
				const until = performance.now() + 1;
				while (performance.now() < until);
				log.push(`${name} ${status}`);
			};
			return { take };
		};
		for (let i = 0; i < 60; i++) blocked.add("?", "?", slow(String(i)), 6000);
		const { asker: gone } = ask("?", "gone");
		know("?");
		blocked.release();
		const atOnce = log.length;
		expect(atOnce).toBeGreaterThan(0);
		expect(atOnce).toBeLessThan(60);
		expect(blocked.size).toBe(61 - atOnce);
		blocked.remove(gone);
		while (blocked.size > 0) await turn();
		expect(log).toEqual(Array.from({ length: 60 }, (_, i) => `${i} 200`));
	});

	it("refuses those whose patience is over, and at the end all who have no answer", () => {
		const { blocked, ask, log } = fill();
		for (const [index, name] of ["a", "b", "c"].entries()) ask(name, name, 6000 + index * 1000);
		ask("a", "d", 9000);
		blocked.expire(5999);
		expect(log).toEqual([]);
		blocked.expire(7000);
		expect(log).toEqual(["a 503", "b 503"]);
		blocked.refuseAll();
		expect(log).toEqual(["a 503", "b 503", "d 503", "c 503"]);
		expect(blocked.size).toBe(0);
	});

	it("gives those who are to be answered their answer before the rest is refused", () => {
		const { blocked, ask, know, log } = fill();
		let stopped = false;
		const busy = {
			take: () => {
				if (stopped) return;
				stopped = true;
				const until = performance.now() + 20;
				while (performance.now() < until);
			},
		};
		blocked.add("?", "?", busy, 6000);
		for (let i = 0; i < 40; i++) ask("?", String(i));
		ask("other", "refused");
		know("?");
		blocked.release();
		expect(log.length).toBeLessThan(40);
		blocked.refuseAll();
		expect(log.filter((line) => line.endsWith("200"))).toHaveLength(40);
		expect(log.at(-1)).toBe("refused 503");
	});
});
