import { Socket } from "node:net";

/** Nobody reads any more when so much waits: some 20 s of both rungs. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Writes records to a file descriptor inherited from the parent. `failed`: the parent went, or does not read. */
export class CodedOutput {
	readonly #socket: Socket;
	readonly #failed: (error: Error) => void;

	constructor({ fd }: { fd: number }, { failed }: { failed: (error: Error) => void }) {
		this.#failed = failed;
		this.#socket = new Socket({ fd, readable: false, writable: true });
		this.#socket.on("error", failed);
	}

	write(record: Buffer): void {
		this.#socket.write(record);
		if (this.#socket.writableLength > MAX_WAITING_BYTES)
			this.#failed(new Error("the parent does not read coded frames"));
	}

	/** Resolves when all was handed to the parent. */
	end(): Promise<void> {
		return new Promise((resolve) => {
			this.#socket.once("close", () => resolve());
			this.#socket.end(() => this.#socket.destroy());
		});
	}
}
