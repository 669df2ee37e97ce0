import type { MediaSource } from "../../core/protocol/stage.ts";
import type { MediaKind } from "../sdp/codecs.ts";

/** How one m= line of a subscriber goes out. Counts are since its beginning. Plain data: it crosses threads. */
export interface SlotFigures {
	slot: number;
	kind: MediaKind;
	personId: string | undefined;
	source: MediaSource | undefined;
	rid: string | undefined;
	height: number | undefined;
	/** Of media, over the time since the figures before. */
	bitsPerSecond: number;
	packets: number;
	/** 0 to 1, by the last receiver report. */
	lost: number;
	jitterMs: number;
	/** Packets asked for again, and sent again. */
	nacks: number;
	resends: number;
	plis: number;
	keyframes: number;
	/** As WebRTC's `freezeCount`, of the frames as they were sent. */
	freezes: number;
	layerSwitches: number;
	/** There is something to show, and no room for it on the path. */
	paused: boolean;
}

/** How one WHEP session goes out. Plain data: it crosses threads. */
export interface SubscriberFigures {
	/** Undefined before anything told it. */
	rttMs: number | undefined;
	estimateBitsPerSecond: number;
	slots: SlotFigures[];
}

/** A layer as the layer extension of WHEP names it. */
export interface LayerChoice {
	rid: string | undefined;
	width: number | undefined;
	height: number | undefined;
	bitsPerSecond: number;
	active: boolean;
	/** Sent now. */
	current: boolean;
}
