import { createHmac, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { crc32 } from "node:zlib";
import { deadline } from "../support/deadline.ts";
import { parseCandidate, type SessionText } from "./session-text.ts";

const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
/** As UDP may lose what it carries; RFC 8489 section 6.2.1 sends at most seven times. */
const ATTEMPTS = 5;
const ATTEMPT_MS = 500;
const ANSWER_DEADLINE_MS = 3000;

/** ICE credentials of one side pair, and where the server takes its checks. */
export interface IcePath {
	localUfrag: string;
	remoteUfrag: string;
	remotePassword: string;
	address: string;
	port: number;
}

/** The path to the first UDP host candidate of an answer or a fragment. */
export function icePath(localUfrag: string, remote: SessionText, candidates: SessionText = remote): IcePath {
	const host = candidates
		.all("candidate")
		.map(parseCandidate)
		.find(({ transport }) => transport === "udp");
	if (!host) throw new Error("there is no UDP candidate");
	return {
		localUfrag,
		remoteUfrag: remote.first("ice-ufrag") ?? "",
		remotePassword: remote.first("ice-pwd") ?? "",
		address: host.address,
		port: host.port,
	};
}

/** An ICE agent that does nothing but connectivity checks (RFC 8445 section 7.2), from one UDP port. */
export class StunProbe {
	readonly #socket: Socket;
	readonly #waiting = new Map<string, (type: number) => void>();

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("message", (message) => {
			if (message.length < 20 || message.readUInt32BE(4) !== MAGIC_COOKIE) return;
			this.#waiting.get(message.toString("hex", 8, 20))?.(message.readUInt16BE(0));
		});
	}

	static async open(path: IcePath): Promise<StunProbe> {
		const socket = createSocket(isIPv6(path.address) ? "udp6" : "udp4");
		socket.bind(0);
		await once(socket, "listening");
		return new StunProbe(socket);
	}

	/** @throws Error when no success response to an authenticated check comes */
	async mustAnswer(path: IcePath): Promise<void> {
		const type = await deadline(
			this.#check(path, ATTEMPTS),
			ANSWER_DEADLINE_MS,
			() => "no answer to a STUN check with the session's credentials",
		);
		if (type !== BINDING_SUCCESS)
			throw new Error(`a STUN check with the session's credentials was answered with 0x${type.toString(16)}`);
	}

	/**
	 * Sends a check on `dead`, then one on `alive`, three times: when all the later ones were answered, the earlier ones
	 * have been taken, and an answer would have come before. @throws Error when one was answered with success
	 */
	async mustIgnore(dead: IcePath, alive: IcePath): Promise<void> {
		for (let round = 0; round < 3; round++) {
			let answered = false;
			const unanswered = this.#check(dead, 1).then((type) => {
				answered = type === BINDING_SUCCESS;
			});
			unanswered.catch(() => {}); // it is not waited for
			await this.mustAnswer(alive);
			if (answered) throw new Error("a STUN check with credentials that are no longer valid was answered");
		}
	}

	async close(): Promise<void> {
		this.#socket.close();
		await once(this.#socket, "close");
	}

	async #check(path: IcePath, attempts: number): Promise<number> {
		const transaction = randomBytes(12);
		const { promise, resolve } = Promise.withResolvers<number>();
		this.#waiting.set(transaction.toString("hex"), resolve);
		const request = bindingRequest(path, transaction);
		this.#socket.send(request, path.port, path.address);
		let left = attempts - 1;
		const timer = setInterval(() => {
			if (left-- > 0) this.#socket.send(request, path.port, path.address);
			else clearInterval(timer);
		}, ATTEMPT_MS).unref();
		const type = await promise;
		clearInterval(timer);
		return type;
	}
}

/** RFC 8445 section 7.1 and RFC 8489 section 14: as the controlling agent, without nominating. */
function bindingRequest({ remoteUfrag, localUfrag, remotePassword }: IcePath, transaction: Buffer): Buffer {
	const attributes = [
		attribute(0x0006, Buffer.from(`${remoteUfrag}:${localUfrag}`)), // USERNAME
		attribute(0x0024, Buffer.from([0x6e, 0, 1, 0xff])), // PRIORITY
		attribute(0x802a, randomBytes(8)), // ICE-CONTROLLING
	];
	const head = header(transaction, Buffer.concat(attributes).length + 24);
	const integrity = createHmac("sha1", remotePassword)
		.update(Buffer.concat([head, ...attributes]))
		.digest();
	attributes.push(attribute(0x0008, integrity)); // MESSAGE-INTEGRITY
	const whole = Buffer.concat([header(transaction, Buffer.concat(attributes).length + 8), ...attributes]);
	const check = Buffer.alloc(4);
	check.writeUInt32BE((crc32(whole) ^ 0x5354554e) >>> 0);
	return Buffer.concat([whole, attribute(0x8028, check)]); // FINGERPRINT
}

/** `length`: bytes of the attributes. */
function header(transaction: Buffer, length: number): Buffer {
	const bytes = Buffer.alloc(20);
	bytes.writeUInt16BE(BINDING_REQUEST, 0);
	bytes.writeUInt16BE(length, 2);
	bytes.writeUInt32BE(MAGIC_COOKIE, 4);
	transaction.copy(bytes, 8);
	return bytes;
}

function attribute(type: number, value: Buffer): Buffer {
	const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
	bytes.writeUInt16BE(type, 0);
	bytes.writeUInt16BE(value.length, 2);
	value.copy(bytes, 4);
	return bytes;
}
