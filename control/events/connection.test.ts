import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import type { ClientMessage } from "../../core/protocol/events.ts";
import { Connection, type EventSocket, MAX_BUFFERED_BYTES, MESSAGE_BURST, MESSAGES_PER_SECOND } from "./connection.ts";

class FakeSocket extends EventEmitter implements EventSocket {
	readyState = 1;
	bufferedAmount = 0;
	readonly sent: string[] = [];
	pings = 0;
	closedWith: number | undefined;
	isTerminated = false;
	send(text: string): void {
		this.sent.push(text);
	}
	ping(): void {
		this.pings += 1;
	}
	close(code: number): void {
		this.closedWith ??= code;
		this.readyState = 2;
	}
	terminate(): void {
		this.isTerminated = true;
	}
	hear(text: string, isBinary = false): void {
		this.emit("message", Buffer.from(text), isBinary);
	}
}

let now: number;
let socket: FakeSocket;
let connection: Connection;
let heard: ClientMessage[];
beforeEach(() => {
	now = 1000;
	socket = new FakeSocket();
	heard = [];
	connection = new Connection(
		{ socket, webinarId: "w", person: { personId: "p", name: "Ann", title: "", role: "attendee" } },
		{
			clock: { now: () => now },
			listener: { message: (_connection, message) => heard.push(message), closed: () => {} },
		},
	);
});

describe("what is heard", () => {
	test("is passed on when it fits", () => {
		socket.hear('{"type":"hand","raised":true}');
		socket.hear('{"type":"ping","id":1.5}');
		expect(heard).toEqual([
			{ type: "hand", raised: true },
			{ type: "ping", id: 1.5 },
		]);
		expect(socket.closedWith).toBeUndefined();
	});

	test.each([
		["no JSON", "hello", false, 1007],
		["nothing", "", false, 1007],
		["half of a message", '{"type":"ping"', false, 1007],
		["binary", '{"type":"ping","id":1}', true, 1007],
		["of an unknown type", '{"type":"start"}', false, 1008],
		["of the wrong form", '{"type":"ping","id":"1"}', false, 1008],
		["of too many words", '{"type":"ping","id":1,"role":"host"}', false, 1008],
		["a bare word", "null", false, 1008],
		["deeper than deep", "[".repeat(8000) + "]".repeat(8000), false, 1008],
		["after the prototype", '{"type":"ping","id":1,"__proto__":{"role":"host"}}', false, 1008],
	])("closes the socket when it is %s", (_what, text, isBinary, code) => {
		socket.hear(text, isBinary);
		expect(socket.closedWith).toBe(code);
		socket.hear('{"type":"ping","id":1}');
		expect(heard).toEqual([]);
	});

	test("closes the socket when it is too much at once, not when it is steady", () => {
		const say = () => socket.hear('{"type":"ping","id":1}');
		for (let second = 0; second < 60; second++) {
			for (let i = 0; i < MESSAGES_PER_SECOND; i++) say();
			now += 1000;
		}
		expect(socket.closedWith).toBeUndefined();
		for (let i = 0; i < MESSAGE_BURST; i++) say();
		expect(socket.closedWith).toBeUndefined();
		say();
		expect(socket.closedWith).toBe(1008);
	});
});

describe("what is said", () => {
	test("is not piled up for who does not take it", () => {
		socket.bufferedAmount = MAX_BUFFERED_BYTES;
		connection.send("one");
		socket.bufferedAmount = MAX_BUFFERED_BYTES + 1;
		connection.send("two");
		connection.send("three");
		expect(socket.sent).toEqual(["one"]);
		expect(socket.closedWith).toBe(1013);
	});

	test("is not said to a socket that closes", () => {
		socket.readyState = 2;
		connection.send("one");
		expect(socket.sent).toEqual([]);
		expect(socket.closedWith).toBeUndefined();
	});
});

describe("a sign of life", () => {
	test("keeps the connection: a pong, or anything said", () => {
		connection.checkAlive();
		socket.emit("pong");
		connection.checkAlive();
		socket.hear('{"type":"ping","id":1}');
		connection.checkAlive();
		expect(socket.pings).toBe(3);
		expect(socket.isTerminated).toBe(false);
	});

	test("that does not come ends it", () => {
		connection.checkAlive();
		expect(socket.isTerminated).toBe(false);
		connection.checkAlive();
		expect(socket.isTerminated).toBe(true);
	});
});
