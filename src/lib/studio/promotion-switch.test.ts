import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Promotion } from "../../../core/protocol/stage.ts";
import type { LinkState } from "./media-link.svelte.ts";
import { PromotionSwitch } from "./promotion-switch.svelte.ts";

const stream = {} as MediaStream;
const offered: Promotion = { state: "offered", token: "t1" };

/** Everything around the switch, with a log of what happened in which order. */
function surroundings() {
	const log: string[] = [];
	const player = {
		state: "playing",
		muted: false,
		setMuted(muted: boolean) {
			player.muted = muted;
			log.push(muted ? "player muted" : "player unmuted");
		},
		goLive() {
			player.state = "loading";
			log.push("player resumes");
		},
		pause() {
			player.state = "paused";
			log.push("player paused");
		},
	};
	const events = {
		promotion: { state: "none" } as Promotion,
		raiseHand: (raised: boolean) => log.push(raised ? "hand up" : "hand down"),
		leaveStage: () => log.push("leave-stage"),
	};
	const publisher = {
		state: "idle" as LinkState,
		problem: null as { message: string } | null,
		start: () => {
			publisher.state = "connecting";
		},
		stop: () => {
			if (publisher.state !== "stopped") log.push("off air");
			publisher.state = "stopped";
		},
	};
	const subscriber = {
		receiving: false,
		started: false,
		start: () => {
			subscriber.started = true;
		},
		stop: () => log.push("stage gone"),
	};
	const tokens: string[] = [];
	const promotion = new PromotionSwitch({
		events,
		player: () => player,
		publisher: (token) => {
			tokens.push(token);
			return publisher;
		},
		subscriber: () => subscriber,
	});
	const say = (next: Promotion) => {
		events.promotion = next;
		promotion.update();
	};
	const goLive = () => {
		say(offered);
		promotion.goLive(stream);
	};
	const arrive = () => {
		goLive();
		publisher.state = "live";
		subscriber.receiving = true;
		promotion.update();
	};
	return { log, player, events, publisher, subscriber, tokens, promotion, say, goLive, arrive };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a hand goes up, is accepted, previewed, and the stage takes over only when its picture is there", () => {
	const { log, player, publisher, subscriber, tokens, promotion, say } = surroundings();
	promotion.raiseHand();
	say({ state: "raised" });
	expect(promotion.state).toBe("raised");
	say(offered);
	expect(promotion.state).toBe("previewing");
	expect(publisher.state).toBe("idle");
	promotion.goLive(stream);
	expect([promotion.state, subscriber.started, tokens]).toEqual(["going-live", true, ["t1"]]);

	subscriber.receiving = true;
	promotion.update();
	expect([promotion.state, player.state]).toEqual(["going-live", "playing"]);
	publisher.state = "live";
	promotion.update();
	expect([promotion.state, player.state, promotion.showsStage]).toEqual(["on-stage", "paused", true]);
	say({ state: "on-stage", token: "t1" });
	expect(promotion.state).toBe("on-stage");
	expect(log).toEqual(["hand up", "player muted", "player paused"]);
});

test("where nobody has a camera on, the wait for a picture ends by itself", () => {
	const { player, publisher, promotion, goLive } = surroundings();
	goLive();
	publisher.state = "live";
	promotion.update();
	vi.advanceTimersByTime(2000);
	promotion.update();
	expect([promotion.state, player.state]).toEqual(["going-live", "playing"]);
	vi.advanceTimersByTime(1500);
	expect(promotion.state).toBe("on-stage");
});

test("removed by the host: off air at once, HLS plays before the stage goes, and has its sound back", () => {
	const { log, player, promotion, arrive, say } = surroundings();
	arrive();
	log.length = 0;
	say({ state: "none" });
	expect([promotion.state, promotion.showsStage, player.muted]).toEqual(["returning", true, true]);
	expect(log).toEqual(["off air", "player resumes"]);
	player.state = "playing";
	promotion.update();
	expect([promotion.state, promotion.showsStage, player.muted]).toEqual(["watching", false, false]);
	expect(log).toEqual(["off air", "player resumes", "player unmuted", "stage gone"]);
});

test("a viewer who had muted the player finds it muted again", () => {
	const { player, promotion, arrive, say } = surroundings();
	player.muted = true;
	arrive();
	say({ state: "none" });
	player.state = "playing";
	promotion.update();
	expect(player.muted).toBe(true);
});

test("a guest leaves: the server is told, and the offer that it still sends is not shown again", () => {
	const { log, player, promotion, arrive, say } = surroundings();
	arrive();
	say({ state: "on-stage", token: "t1" });
	promotion.leave();
	expect(promotion.state).toBe("returning");
	expect(log).toContain("leave-stage");
	player.state = "playing";
	promotion.update();
	expect(promotion.state).toBe("watching");
	say({ state: "none" });
	say({ state: "offered", token: "t1" });
	expect(promotion.state).toBe("previewing");
});

test("an offer is declined by lowering the hand", () => {
	const { log, promotion, say } = surroundings();
	say(offered);
	promotion.leave();
	expect(promotion.state).toBe("watching");
	expect(log).toEqual(["hand down"]);
});

test.each(["failed publisher", "no connection in time"])(
	"%s: HLS was never paused, and the offer can be tried again",
	(how) => {
		const { log, player, publisher, promotion, goLive } = surroundings();
		goLive();
		if (how === "failed publisher") {
			publisher.state = "failed";
			publisher.problem = { message: "The token does not allow this." };
			promotion.update();
		} else vi.advanceTimersByTime(20_000);
		expect([promotion.state, player.state, promotion.publisher]).toEqual(["previewing", "playing", null]);
		expect(promotion.problem).toMatch(how === "failed publisher" ? "does not allow" : "in time");
		expect(log).toEqual(["off air", "stage gone"]);
		publisher.state = "idle";
		promotion.goLive(stream);
		expect([promotion.state, promotion.problem]).toEqual(["going-live", null]);
	},
);

test("the host takes the offer back while the guest connects", () => {
	const { player, promotion, goLive, say } = surroundings();
	goLive();
	say({ state: "none" });
	expect([promotion.state, player.state, promotion.subscriber]).toEqual(["watching", "playing", null]);
});

test("a reconnecting publisher stays on stage; one that failed for good goes back to HLS", () => {
	const { player, publisher, promotion, arrive } = surroundings();
	arrive();
	publisher.state = "reconnecting";
	promotion.update();
	expect(promotion.state).toBe("on-stage");
	publisher.state = "failed";
	promotion.update();
	expect([promotion.state, player.state]).toEqual(["returning", "loading"]);
	player.state = "playing";
	promotion.update();
	expect([promotion.state, promotion.problem]).toEqual(["previewing", "The connection to the stage was lost."]);
});

test("a player that does not come back is shown all the same after a while", () => {
	const { promotion, arrive, say } = surroundings();
	arrive();
	say({ state: "none" });
	vi.advanceTimersByTime(7000);
	expect(promotion.state).toBe("returning");
	vi.advanceTimersByTime(1500);
	expect(promotion.state).toBe("watching");
});

test("a page that is opened anew in the middle of a visit asks again before it goes on air", () => {
	const { publisher, promotion, say } = surroundings();
	say({ state: "on-stage", token: "t1" });
	expect([promotion.state, publisher.state]).toEqual(["previewing", "idle"]);
});

test("closing ends what was begun", () => {
	const { log, promotion, arrive } = surroundings();
	arrive();
	log.length = 0;
	promotion.close();
	expect(log).toEqual(["off air", "stage gone"]);
});
