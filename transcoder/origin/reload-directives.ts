import { AppError } from "../../core/runtime/errors.ts";
import type { Position } from "../publication.ts";

/** What a client waits for: a whole segment, or (with `part`) one part of it or anything later. */
export interface ReloadDirectives {
	msn: number;
	part: number | undefined;
}

/**
 * The delivery directives of a playlist request (rfc8216bis section 6.2.5.2), or undefined when it has none. Those that
 * are not known are ignored.
 * @throws AppError bad-request
 */
export function parseDirectives(query: Record<string, unknown>): ReloadDirectives | undefined {
	const msn = parseInteger(query, "_HLS_msn");
	const part = parseInteger(query, "_HLS_part");
	if (part !== undefined && msn === undefined) throw new AppError("bad-request", "_HLS_part needs _HLS_msn");
	return msn === undefined ? undefined : { msn, part };
}

function parseInteger(query: Record<string, unknown>, name: string): number | undefined {
	const value = query[name];
	if (value === undefined) return undefined;
	if (typeof value !== "string" || !/^\d{1,15}$/.test(value)) {
		throw new AppError("bad-request", `${name} must be one decimal integer`);
	}
	return Number(value);
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
