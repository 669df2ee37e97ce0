import assert from "node:assert/strict";
import { deadline, eventually } from "../support/deadline.ts";
import type {
	MediaClient,
	MediaPeer,
	PlayOptions,
	PublishOptions,
	Received,
	SentLayer,
	VideoCodec,
} from "./clients/media-client.ts";
import { Inapplicable } from "./conformance-item.ts";
import type { ConformanceTarget, Feature } from "./conformance-target.ts";
import { rawOffer, rawPlayOffer, writeOffer } from "./raw-offer.ts";
import { SessionText } from "./session-text.ts";
import { type IcePath, StunProbe } from "./stun-probe.ts";

export const SDP = "application/sdp";
export const FRAGMENT = "application/trickle-ice-sdpfrag";

const ANSWER_DEADLINE_MS = 10_000;
const LIVE_DEADLINE_MS = 10_000;
const CONNECT_DEADLINE_MS = 20_000;
/** A sender's bandwidth estimate starts low and lets larger layers wait. */
const MEDIA_DEADLINE_MS = 25_000;

export interface Answer {
	status: number;
	headers: Headers;
	body: string;
}

export interface Request {
	method: string;
	/** Default: the token of the URL's protocol; null sends none. */
	token?: string | null;
	headers?: Record<string, string>;
	body?: string;
}

/** A session that the server has made. */
export interface OpenSession {
	url: string;
	/** As it came, with its quotes; "" where there was none. */
	etag: string;
	/** The whole answer to the POST. */
	created: Answer;
	answer: SessionText;
}

export interface ConnectedSession extends OpenSession {
	peer: MediaPeer;
}

/** What an item works with. Sessions and connections made through it end with the item. */
export class ConformanceContext {
	readonly target: ConformanceTarget;
	readonly clients: readonly MediaClient[];
	readonly #cleanup: (() => Promise<unknown>)[] = [];

	constructor(target: ConformanceTarget, clients: readonly MediaClient[]) {
		this.target = target;
		this.clients = clients;
	}

	/** The server does not do what it may do. @throws AssertionError when it was said to, Inapplicable otherwise */
	lacks(feature: Feature, what: string): never {
		if (this.target.expects.includes(feature)) assert.fail(what);
		throw new Inapplicable(`${what}; that is allowed (--expect ${feature} to have it checked)`);
	}

	client(name: string): MediaClient {
		const found = this.clients.find((client) => client.name === name);
		if (!found) throw new Inapplicable(`needs the client ${name}`);
		return found;
	}

	/** A client that shows what it receives, if possible another than the one of that name. */
	decoder(codec: VideoCodec, not?: string): MediaClient {
		const able = this.clients.filter((client) => client.decodes && client.codecs.includes(codec));
		const found = able.find(({ name }) => name !== not) ?? able[0];
		if (!found) throw new Inapplicable(`needs a client that decodes ${codec}`);
		return found;
	}

	async request(url: string, { method, token, headers = {}, body }: Request): Promise<Answer> {
		const own = url.startsWith(this.target.whep) ? this.target.whepToken : this.target.whipToken;
		const bearer = token === null ? undefined : (token ?? own);
		const response = await fetch(url, {
			method,
			headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
			...(body === undefined ? {} : { body }),
			signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
		});
		const answer = { status: response.status, headers: response.headers, body: await response.text() };
		const location = response.headers.get("location");
		if (method === "POST" && answer.status === 201 && location) {
			const session = new URL(location, url).href;
			this.#cleanup.push(() => this.request(session, { method: "DELETE", ...(bearer ? { token: bearer } : {}) }));
		}
		return answer;
	}

	/** POSTs an offer. Whatever session comes of it is deleted after the item. */
	post(
		protocol: "whip" | "whep",
		offer: string,
		{ headers, ...rest }: Omit<Request, "method" | "body"> = {},
	): Promise<Answer> {
		return this.request(this.target[protocol], {
			method: "POST",
			body: offer,
			headers: { "content-type": SDP, ...headers },
			...rest,
		});
	}

	/** A session by a hand-written or given offer. @throws AssertionError on another answer than 201 */
	async open(protocol: "whip" | "whep", offer?: string): Promise<OpenSession> {
		const written = offer ?? writeOffer(protocol === "whip" ? rawOffer() : rawPlayOffer());
		const created = await this.#postUntilLive(protocol, written);
		assert.equal(created.status, 201, `the ${protocol.toUpperCase()} POST was refused: ${shown(created)}`);
		return {
			url: new URL(created.headers.get("location") ?? "", this.target[protocol]).href,
			etag: created.headers.get("etag") ?? "",
			created,
			answer: new SessionText(created.body),
		};
	}

	patch(session: OpenSession, fragment: string, headers: Record<string, string>): Promise<Answer> {
		return this.request(session.url, {
			method: "PATCH",
			body: fragment,
			headers: { "content-type": FRAGMENT, ...headers },
		});
	}

	delete(session: OpenSession, headers: Record<string, string> = {}): Promise<Answer> {
		return this.request(session.url, { method: "DELETE", headers });
	}

	/** Somebody who publishes, for items that need a source. */
	async source(): Promise<ConnectedSession> {
		const [client] = this.clients;
		if (!client) throw new Inapplicable("needs a client that publishes");
		return this.publish(client, { colour: [200, 40, 40], codec: "VP8" });
	}

	/** Publishes with a real client; resolves when it is connected. */
	async publish(client: MediaClient, options: PublishOptions): Promise<ConnectedSession> {
		return this.#connect("whip", client, (peer) => peer.offerToPublish(options));
	}

	/** Plays with a real client; resolves when it is connected. */
	async play(client: MediaClient, options: PlayOptions = {}): Promise<ConnectedSession> {
		return this.#connect("whep", client, (peer) => peer.offerToPlay(options));
	}

	/** Asks a connection what it has received until `wanted` takes it. */
	async untilReceived(peer: MediaPeer, what: string, wanted: (received: Received) => boolean): Promise<void> {
		let last: Received | undefined;
		const look = async () => {
			last = await peer.received();
			return wanted(last);
		};
		await eventually(look, MEDIA_DEADLINE_MS, () => `not received: ${what}; received: ${JSON.stringify(last)}`);
	}

	/** Asks a connection what it has sent until `wanted` takes it. */
	async untilSent(peer: MediaPeer, what: string, wanted: (sent: SentLayer[]) => boolean): Promise<void> {
		let last: SentLayer[] = [];
		const look = async () => {
			last = await peer.videoSent();
			return wanted(last);
		};
		await eventually(look, MEDIA_DEADLINE_MS, () => `not sent: ${what}; sent: ${JSON.stringify(last)}`);
	}

	/** Waits until a restarted ICE has found its path. */
	async untilNewPath(peer: MediaPeer): Promise<void> {
		await eventually(
			() => peer.hasNewPath(),
			CONNECT_DEADLINE_MS,
			() => "ICE found no path after the restart",
		);
	}

	/** Something to end with the item. */
	atEnd(end: () => Promise<unknown>): void {
		this.#cleanup.push(end);
	}

	async probe(path: IcePath): Promise<StunProbe> {
		const probe = await StunProbe.open(path);
		this.#cleanup.push(() => probe.close());
		return probe;
	}

	/** Ends what the item left, newest first; errors of that are no fault of the server's. */
	async close(): Promise<void> {
		for (const end of this.#cleanup.reverse()) await end().catch(() => {});
	}

	/** A publisher that has connected may be live to others only a moment later; players are to ask again after a 409. */
	async #postUntilLive(protocol: "whip" | "whep", offer: string): Promise<Answer> {
		let answer: Answer | undefined;
		const look = async () => {
			answer = await this.post(protocol, offer);
			return answer.status === 409 && protocol === "whep" ? undefined : answer;
		};
		const refused = () => `the WHEP POST is refused while there is a source: ${answer && shown(answer)}`;
		return eventually(look, LIVE_DEADLINE_MS, refused);
	}

	async #connect(
		protocol: "whip" | "whep",
		client: MediaClient,
		offer: (peer: MediaPeer) => Promise<string>,
	): Promise<ConnectedSession> {
		const peer = await client.createPeer();
		this.#cleanup.push(() => peer.close());
		const session = await this.open(protocol, await offer(peer));
		await peer.applyAnswer(session.answer.text);
		await deadline(peer.connected(), CONNECT_DEADLINE_MS, () => `${client.name} did not connect`);
		return { ...session, peer };
	}
}

/** An answer in a few words, for messages. */
export function shown({ status, body }: Answer): string {
	return body ? `${status} ${body.slice(0, 200)}` : `${status}`;
}

/** RFC 9457: an error's body. */
export function assertProblem(answer: Answer, status: number | readonly number[]): void {
	const wanted = typeof status === "number" ? [status] : status;
	assert.ok(wanted.includes(answer.status), `expected ${wanted.join(" or ")}, got ${shown(answer)}`);
	const type = answer.headers.get("content-type") ?? "";
	assert.match(type, /^application\/problem\+json/, `the ${answer.status} has the body type ${type || "(none)"}`);
	const problem = JSON.parse(answer.body) as { status?: unknown };
	assert.equal(problem.status, answer.status, "the problem's status is the answer's");
}
