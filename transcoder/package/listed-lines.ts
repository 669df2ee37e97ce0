/** Joined at once: what is added to a long list costs no more than to a short one. */
const BLOCK_LINES = 256;

interface Block {
	lines: string[];
	/** The lines joined, unless they changed. */
	text: string | undefined;
}

/** The lines of the old segments of a media playlist, by media sequence number, without a hole. */
export class ListedLines {
	readonly #blocks: Block[] = [];
	#firstMsn = 1;
	#count = 0;

	get count(): number {
		return this.#count;
	}

	/** That of the newest segment; one less than the first when there is none. */
	get lastMsn(): number {
		return this.#firstMsn + this.#count - 1;
	}

	push(lines: string): void {
		let last = this.#blocks.at(-1);
		if (!last || last.lines.length >= BLOCK_LINES) {
			last = { lines: [], text: undefined };
			this.#blocks.push(last);
		}
		last.lines.push(lines);
		last.text = undefined;
		this.#count++;
	}

	/** Those before that media sequence number go. */
	moveHead(firstMsn: number): void {
		for (let first = this.#blocks[0]; first && this.#firstMsn < firstMsn; first = this.#blocks[0]) {
			const gone = first.lines.splice(0, firstMsn - this.#firstMsn).length;
			first.text = undefined;
			this.#firstMsn += gone;
			this.#count -= gone;
			if (first.lines.length === 0) this.#blocks.shift();
		}
		this.#firstMsn = Math.max(this.#firstMsn, firstMsn);
	}

	/** Nothing happens when it is not listed. Says whether it is. */
	change(msn: number, change: (lines: string) => string): boolean {
		let index = msn - this.#firstMsn;
		for (const block of this.#blocks) {
			const lines = block.lines[index];
			if (index >= 0 && lines !== undefined) {
				block.lines[index] = change(lines);
				block.text = undefined;
				return true;
			}
			index -= block.lines.length;
		}
		return false;
	}

	/** All of them. */
	text(): string {
		let text = "";
		for (const block of this.#blocks) {
			block.text ??= block.lines.join("");
			text += block.text;
		}
		return text;
	}

	/** Without the first `count`. */
	textAfter(count: number): string {
		const lines: string[] = [];
		let wanted = this.#count - count;
		for (let index = this.#blocks.length - 1; index >= 0 && wanted > 0; index--) {
			const block = this.#blocks[index] as Block;
			lines.unshift(...block.lines.slice(-wanted));
			wanted -= block.lines.length;
		}
		return lines.join("");
	}
}
