import { type Answer, problemAnswer } from "./answer.ts";

/** Somebody who asked. */
export interface Asker {
	/** Called once for each question. */
	take(answer: Answer): void;
}

/** Those who ask for the same, in the order they came, with the time at which the patience of each ends. */
interface Group<Question> {
	question: Question;
	untilMs: Map<Asker, number>;
	/** Once it is known. */
	answer: Answer | undefined;
}

interface BlockedRequestsOptions<Question> {
	/** More askers are not taken. */
	limit: number;
	/** Undefined while the answer is yet to come. Does not throw. */
	answer: (question: Question) => Answer | undefined;
}

/** So long may answering go on before whatever else has come up gets its turn. */
const SLICE_MS = 5;
/** Reading the clock costs something, too. */
const ANSWERS_PER_LOOK = 16;

/**
 * The requests that wait for something to be published. Each question is looked at once, however many ask it, and
 * thousands are answered in slices: the programme must not wait for its audience.
 * Whoever owns it calls `expire` from time to time.
 */
export class BlockedRequests<Question> {
	readonly #limit: number;
	readonly #answer: (question: Question) => Answer | undefined;
	readonly #groups = new Map<string, Group<Question>>();
	readonly #groupOf = new Map<Asker, Group<Question>>();
	/** Groups with an answer that not all of them have yet. */
	readonly #ready: Group<Question>[] = [];
	#slice: NodeJS.Immediate | undefined;

	constructor({ limit, answer }: BlockedRequestsOptions<Question>) {
		this.#limit = limit;
		this.#answer = answer;
	}

	get size(): number {
		return this.#groupOf.size;
	}

	/** `key`: the same for the same question. False when there are too many askers already. */
	add(key: string, question: Question, asker: Asker, untilMs: number): boolean {
		if (this.#groupOf.size >= this.#limit) return false;
		let group = this.#groups.get(key);
		if (!group) {
			group = { question, untilMs: new Map(), answer: undefined };
			this.#groups.set(key, group);
		}
		group.untilMs.set(asker, untilMs);
		this.#groupOf.set(asker, group);
		return true;
	}

	/** The asker has gone. */
	remove(asker: Asker): void {
		this.#groupOf.get(asker)?.untilMs.delete(asker);
		this.#groupOf.delete(asker);
	}

	/** Answers all that can be answered now: some at once, the others as soon as there is time. */
	release(): void {
		for (const [key, group] of this.#groups) {
			if (group.untilMs.size > 0) group.answer = this.#answer(group.question);
			if (group.untilMs.size > 0 && !group.answer) continue;
			this.#groups.delete(key);
			this.#ready.push(group);
		}
		if (!this.#slice) this.#answerSlice();
	}

	/** Refuses those that have waited too long. */
	expire(nowMs: number): void {
		const refusal = problemAnswer("unavailable");
		for (const { untilMs } of this.#groups.values()) {
			for (const [asker, endsMs] of untilMs) if (endsMs <= nowMs) this.#give(asker, refusal);
		}
	}

	/** Nobody is left afterwards. */
	refuseAll(): void {
		clearImmediate(this.#slice);
		this.#slice = undefined;
		this.#answerReady(Number.POSITIVE_INFINITY);
		this.expire(Number.POSITIVE_INFINITY);
		this.#groups.clear();
	}

	#answerSlice(): void {
		this.#slice = undefined;
		this.#answerReady(performance.now() + SLICE_MS);
		if (this.#ready.length > 0) this.#slice = setImmediate(() => this.#answerSlice());
	}

	#answerReady(endMs: number): void {
		let answered = 0;
		for (let group = this.#ready[0]; group; group = this.#ready[0]) {
			for (const asker of group.untilMs.keys()) {
				if (group.answer) this.#give(asker, group.answer);
				if (++answered % ANSWERS_PER_LOOK === 0 && performance.now() > endMs) return;
			}
			this.#ready.shift();
		}
	}

	#give(asker: Asker, answer: Answer): void {
		this.remove(asker);
		asker.take(answer);
	}
}
