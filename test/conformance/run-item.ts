import { deadline } from "../support/deadline.ts";
import type { MediaClient } from "./clients/media-client.ts";
import { ConformanceContext } from "./conformance-context.ts";
import { type ConformanceItem, Inapplicable } from "./conformance-item.ts";
import type { ConformanceTarget } from "./conformance-target.ts";

const ITEM_DEADLINE_MS = 90_000;

export interface ItemResult {
	verdict: "pass" | "fail" | "skip";
	/** Why, unless it passed. */
	reason: string;
	durationMs: number;
}

/** Runs one item and ends what it has opened. */
export async function runItem(
	item: ConformanceItem,
	target: ConformanceTarget,
	clients: readonly MediaClient[],
): Promise<ItemResult> {
	const context = new ConformanceContext(target, clients);
	const startedAt = performance.now();
	const result = (verdict: ItemResult["verdict"], reason: string): ItemResult => ({
		verdict,
		reason,
		durationMs: performance.now() - startedAt,
	});
	try {
		await deadline(item.run(context), ITEM_DEADLINE_MS, () => "the item does not end");
		return result("pass", "");
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
		return result(error instanceof Inapplicable ? "skip" : "fail", reason + cause);
	} finally {
		await context.close();
	}
}
