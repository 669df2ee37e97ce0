import { tcpWire, udpWire } from "../../ingest/test-support/media-peer.ts";
import type { NetworkLink } from "./network-link.ts";

/** Datagrams of genuine clients, by what they are (RFC 7983 section 7). */
export class Corpus {
	readonly stun: Buffer[] = [];
	readonly dtls: Buffer[] = [];
	readonly media: Buffer[] = [];
	readonly #most: number;

	/** Keeps no more than `most` of a kind. */
	constructor(most: number) {
		this.#most = most;
	}

	add(datagram: Buffer): void {
		const first = datagram[0] ?? 0;
		const kind = first < 4 ? this.stun : first < 64 ? this.dtls : this.media;
		if (kind.length < this.#most) kind.push(Buffer.from(datagram));
	}

	get all(): Buffer[] {
		return [...this.stun, ...this.dtls, ...this.media];
	}
}

/** Someone with sockets of their own, by UDP and TCP, who can also send as clients do whose way they are on. */
export class MediaAttacker {
	/** What the server has sent to the attacker's own sockets. */
	readonly answers: Buffer[] = [];
	readonly #port: number;
	readonly #links: NetworkLink[];
	readonly #udp: Awaited<ReturnType<typeof udpWire>>;
	#tcp: Awaited<ReturnType<typeof tcpWire>> | undefined;

	private constructor(port: number, links: NetworkLink[], udp: Awaited<ReturnType<typeof udpWire>>) {
		this.#port = port;
		this.#links = links;
		this.#udp = udp;
		udp.onDatagram((datagram) => this.answers.push(datagram));
	}

	static async open(port: number, links: NetworkLink[]): Promise<MediaAttacker> {
		const attacker = new MediaAttacker(port, links, await udpWire(port));
		await attacker.reconnect();
		return attacker;
	}

	/** By UDP and TCP from their own addresses. */
	async sendAsStranger(datagrams: Buffer[]): Promise<void> {
		for (const chunk of chunksOf(datagrams)) {
			for (const datagram of chunk) {
				this.#udp.send(datagram);
				if (this.#tcp?.closed()) await this.reconnect();
				this.#tcp?.send(datagram);
			}
			await breathe();
		}
	}

	/** From the clients' own addresses. */
	async sendAsClients(datagrams: Buffer[]): Promise<void> {
		for (const chunk of chunksOf(datagrams)) {
			for (const datagram of chunk) for (const link of this.#links) link.forge(datagram);
			await breathe();
		}
	}

	/** Packets of SRTP and SRTCP that came to the attacker. */
	get stolen(): number {
		return this.answers.filter((datagram) => (datagram[0] ?? 0) >= 128).length;
	}

	async reconnect(): Promise<void> {
		this.#tcp?.close();
		this.#tcp = await tcpWire(this.#port);
		this.#tcp.onDatagram((datagram) => this.answers.push(datagram));
	}

	close(): void {
		this.#udp.close();
		this.#tcp?.close();
	}
}

/** More at once would only fill the socket's buffer. */
const CHUNK = 100;

function chunksOf(datagrams: Buffer[]): Buffer[][] {
	return Array.from({ length: Math.ceil(datagrams.length / CHUNK) }, (_, at) =>
		datagrams.slice(at * CHUNK, (at + 1) * CHUNK),
	);
}

const breathe = () => new Promise((resolve) => setTimeout(resolve, 5));
