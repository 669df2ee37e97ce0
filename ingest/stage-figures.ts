import type { DownFigures, PersonFigures, UpFigures } from "../core/protocol/figures.ts";
import type { MediaSource } from "../core/protocol/stage.ts";
import type { Bus } from "../core/runtime/bus.ts";
import { type LivingFigures, livingFigures } from "./living-figures.ts";
import type { MediaPlane } from "./media-plane.ts";
import type { PublisherFigures } from "./sfu/publisher-figures.ts";
import type { SubscriberFigures } from "./sfu/subscriber-figures.ts";

const INTERVAL_MS = 2_000;

/** Tells on the bus how everybody's media goes, webinar by webinar. */
export class StageFigures {
	readonly #plane: Pick<MediaPlane, "snapshots" | "sessions">;
	readonly #bus: Bus;
	readonly #timer: NodeJS.Timeout;
	/** Of each publisher, by session, when it was told of last. */
	#counts = new Map<string, PacketCounts>();
	#told = new Set<string>();

	constructor({ plane, bus }: { plane: Pick<MediaPlane, "snapshots" | "sessions">; bus: Bus }) {
		this.#plane = plane;
		this.#bus = bus;
		this.#timer = setInterval(() => this.#tell(), INTERVAL_MS);
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#tell(): void {
		const living = livingFigures(this.#plane);
		const webinars = this.#gather(living);
		for (const [webinarId, people] of webinars) {
			this.#bus.publish("stage-figures", { webinarId, people: [...people.values()] });
		}
		for (const webinarId of this.#told) {
			if (!webinars.has(webinarId)) this.#bus.publish("stage-figures", { webinarId, people: [] });
		}
		this.#told = new Set(webinars.keys());
	}

	/** By webinar, then by person. */
	#gather({ publishers, subscribers }: LivingFigures): Map<string, Map<string, PersonFigures>> {
		const webinars = new Map<string, Map<string, PersonFigures>>();
		const counts = new Map<string, PacketCounts>();
		const personOf = ({ webinarId, personId }: { webinarId: string; personId: string }): PersonFigures => {
			const people = webinars.get(webinarId) ?? new Map<string, PersonFigures>();
			webinars.set(webinarId, people);
			const person = people.get(personId) ?? { personId };
			people.set(personId, person);
			return person;
		};
		for (const { session, told } of publishers) {
			const now = countPackets(told.figures);
			counts.set(session.session, now);
			const person = personOf(session);
			const up = upFigures(told.figures, session.source, lossBetween(this.#counts.get(session.session), now));
			person.up = person.up ? together(person.up, up) : up;
		}
		// The last one counts: a page that was reloaded comes before its earlier self has gone.
		for (const { session, told } of subscribers) {
			// How the programme reaches a host says nothing of the stage.
			if (!session.programme) personOf(session).down = downFigures(told.figures);
		}
		this.#counts = counts;
		return webinars;
	}
}

export interface PacketCounts {
	packets: number;
	lost: number;
}

export function countPackets({ tracks }: PublisherFigures): PacketCounts {
	const counts = { packets: 0, lost: 0 };
	for (const { layers } of tracks) {
		for (const { packets, lost } of layers) {
			counts.packets += packets;
			counts.lost += lost;
		}
	}
	return counts;
}

/** 0 to 1. Counts that went back are those of layers that began anew. */
export function lossBetween(before: PacketCounts | undefined, now: PacketCounts): number {
	const lost = Math.max(0, now.lost - (before?.lost ?? 0));
	const packets = Math.max(0, now.packets - (before?.packets ?? 0));
	return lost === 0 ? 0 : rounded(lost / (lost + packets));
}

/** `lossShare`: 0 to 1, of the packets lately. */
export function upFigures({ rttMs, tracks }: PublisherFigures, source: MediaSource, lossShare: number): UpFigures {
	const all = tracks.flatMap(({ layers }) => layers);
	const video = all.filter(({ kind, active }) => kind === "video" && active);
	return {
		bitsPerSecond: Math.round(all.reduce((sum, { bitsPerSecond }) => sum + bitsPerSecond, 0)),
		lossShare,
		...roundTrip(rttMs),
		jitterMs: Math.round(Math.max(0, ...all.filter(({ active }) => active).map(({ jitterMs }) => jitterMs))),
		// Of the best layer: when it stands, the others do too, or it was left out.
		freezes: Math.max(0, ...all.map(({ freezes }) => freezes)),
		layers: video.map(({ rid, height, bitsPerSecond }) => ({ source, ...layerOf(rid, height, bitsPerSecond) })),
	};
}

export function downFigures({ rttMs, estimateBitsPerSecond, slots }: SubscriberFigures): DownFigures {
	const bitsPerSecond = slots.reduce((sum, slot) => sum + slot.bitsPerSecond, 0);
	// A slot that sends nothing has the loss of when it did.
	const lostBits = slots.reduce((sum, slot) => sum + slot.bitsPerSecond * slot.lost, 0);
	const video = slots.filter(({ kind }) => kind === "video");
	return {
		bitsPerSecond: Math.round(bitsPerSecond),
		estimateBitsPerSecond: Math.round(estimateBitsPerSecond),
		lossShare: bitsPerSecond > 0 ? rounded(lostBits / bitsPerSecond) : 0,
		...roundTrip(rttMs),
		paused: video.filter(({ paused }) => paused).map(({ slot }) => slot),
		layers: video
			.filter(({ personId, paused }) => personId !== undefined && !paused)
			.map(({ slot, rid, height, bitsPerSecond }) => ({ slot, ...layerOf(rid, height, bitsPerSecond) })),
	};
}

/** A camera and a screen of one person, over the same path. */
function together(a: UpFigures, b: UpFigures): UpFigures {
	return {
		bitsPerSecond: a.bitsPerSecond + b.bitsPerSecond,
		lossShare: Math.max(a.lossShare, b.lossShare),
		...roundTrip(a.rttMs === undefined || b.rttMs === undefined ? (a.rttMs ?? b.rttMs) : Math.max(a.rttMs, b.rttMs)),
		jitterMs: Math.max(a.jitterMs, b.jitterMs),
		freezes: a.freezes + b.freezes,
		layers: [...a.layers, ...b.layers],
	};
}

function layerOf(rid: string | undefined, height: number | undefined, bitsPerSecond: number) {
	return {
		...(rid === undefined ? {} : { rid }),
		...(height === undefined ? {} : { height }),
		bitsPerSecond: Math.round(bitsPerSecond),
	};
}

function roundTrip(rttMs: number | undefined): { rttMs?: number } {
	return rttMs === undefined ? {} : { rttMs: Math.round(rttMs) };
}

/** To a tenth of a percent. */
function rounded(share: number): number {
	return Math.round(share * 1_000) / 1_000;
}
