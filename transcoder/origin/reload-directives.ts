import { AppError } from "../../core/runtime/errors.ts";
import type { Position } from "../publication.ts";

/** What a client waits for: a whole segment, or (with `part`) one part of it or anything later. */
export interface ReloadDirectives {
	msn: number;
	part: number | undefined;
}

export interface DeliveryDirectives {
	reload: ReloadDirectives | undefined;
	/** A playlist without what the client has already will do. */
	skip: boolean;
}

/**
 * The delivery directives of a playlist request (rfc8216bis section 6.2.5). Those that are not known are ignored, and so
 * is a way of skipping that is not: the whole playlist is right for everyone. `query`: without its question mark.
 * @throws AppError bad-request
 */
export function parseDirectives(query: string): DeliveryDirectives {
	const values = new Map<string, string[]>();
	for (const pair of query.split("&")) {
		const [name = "", ...value] = pair.split("=");
		const plainName = unescaped(name);
		if (!plainName.startsWith("_HLS_")) continue;
		values.set(plainName, [...(values.get(plainName) ?? []), unescaped(value.join("="))]);
	}
	const msn = parseInteger(values, "_HLS_msn");
	const part = parseInteger(values, "_HLS_part");
	if (part !== undefined && msn === undefined) throw new AppError("bad-request", "_HLS_part needs _HLS_msn");
	const reload = msn === undefined ? undefined : { msn, part };
	return { reload, skip: /^(YES|v2)$/.test(values.get("_HLS_skip")?.join() ?? "") };
}

function parseInteger(values: Map<string, string[]>, name: string): number | undefined {
	const value = values.get(name);
	if (value === undefined) return undefined;
	if (value.length > 1 || !/^\d{1,15}$/.test(value[0] ?? "")) {
		throw new AppError("bad-request", `${name} must be one decimal integer`);
	}
	return Number(value[0]);
}

function unescaped(text: string): string {
	if (!text.includes("%")) return text;
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/**
 * Refuses what lies so far ahead that the client must have taken leave of its playlist. Up to the end of the next segment
 * is fine, for hls.js asks for that segment's last part when it does not load parts.
 * @throws AppError bad-request
 */
export function checkNotTooFarAhead({ msn, part = 0 }: ReloadDirectives, position: Position): void {
	const { lastMsn, openParts, partsPerSegment, targetDuration } = position;
	if (msn > lastMsn + 2) throw new AppError("bad-request", "_HLS_msn is too far ahead");
	const segmentsAhead = msn - (lastMsn + 1);
	const partsAhead = segmentsAhead * partsPerSegment + part - (openParts - 1);
	const advancePartLimit = Math.ceil((3 * partsPerSegment) / targetDuration);
	const endOfNextSegment = 2 * partsPerSegment - openParts;
	if (segmentsAhead >= 0 && partsAhead > Math.max(advancePartLimit, endOfNextSegment)) {
		throw new AppError("bad-request", "_HLS_part is too far ahead");
	}
}

/** Whether the playlist at `position` answers the directives. */
export function isReached({ msn, part }: ReloadDirectives, { lastMsn, lastMsnParts, openParts }: Position): boolean {
	if (msn < lastMsn) return true;
	if (part === undefined) return msn === lastMsn;
	// A part past the last of its segment is the first of the segment after it.
	if (msn === lastMsn) return part < lastMsnParts || openParts > 0;
	return msn === lastMsn + 1 && part < openParts;
}

/** Whether the client is so far behind that what it gets belongs to a later request. */
export function isStale({ msn }: ReloadDirectives, { lastMsn }: Position): boolean {
	return msn < lastMsn;
}
