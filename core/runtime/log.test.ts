import { expect, test } from "vitest";
import { createLog, loggableAddress } from "./log.ts";

test("lines are JSON, from the level on, with what is secret blacked out", () => {
	const lines: string[] = [];
	const log = createLog({ level: "info", pretty: false, stream: { write: (line) => void lines.push(line) } });
	log.debug("unheard");
	log
		.child({ component: "ingest" })
		.info({ token: "s3cret", person: { token: "s3cret" }, headers: { authorization: "s3cret" } }, "heard");
	expect(lines).toHaveLength(1);
	expect(JSON.parse(lines[0] ?? "")).toMatchObject({ component: "ingest", token: "[redacted]", msg: "heard" });
	expect(lines[0]).not.toContain("s3cret");
});

test("an address is logged without what gives rights", () => {
	expect(loggableAddress("/api/webinars/x/events?token=s3cret")).toBe("/api/webinars/x/events");
	expect(loggableAddress("/api/webinars")).toBe("/api/webinars");
	expect(loggableAddress("/whip/abcdefghijkl?source=screen")).toBe("/whip/abcdefghijkl");
	expect(loggableAddress("/live/abcdefghijkl/720p/part-1.m4s")).toBe("/live/abcdefghijkl/720p/part-1.m4s");
	for (const mark of ["~", "%7E"])
		expect(loggableAddress(`/live/abcdefghijkl/${mark}s3cret/720p/index.m3u8?x`)).toBe(
			`/live/abcdefghijkl/${mark}[redacted]/720p/index.m3u8`,
		);
	for (const rest of ["s3cret", "s3cret/events/s3cret", "s3cret/layer?x"])
		expect(loggableAddress(`/whep/abcdefghijkl/${rest}`)).toBe("/whep/abcdefghijkl/[redacted]");
});
