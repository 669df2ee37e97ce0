import { describe, expect, it } from "vitest";
import { importViolations } from "./import-rules.ts";
import { readText, repositoryFiles } from "./repository-files.ts";

const broken: [rule: string, file: string, source: string, said: string][] = [
	["protocol: packages", "core/protocol/a.ts", `import pino from "pino";`, "knows only zod"],
	["protocol: Node", "core/protocol/a.ts", `import { join } from "node:path";`, "knows only zod"],
	["protocol: runtime", "core/protocol/a.ts", `import { b } from "../runtime/b.ts";`, "may import nothing"],
	["runtime: control", "core/runtime/a.ts", `import { b } from "../../control/b.ts";`, "may import core/protocol"],
	["control: ingest", "control/a.ts", `import { b } from "../ingest/b.ts";`, "control may import core"],
	["control: transcoder", "control/api/a.ts", `export * from "../../transcoder/b.ts";`, "control may import core"],
	["ingest: control", "ingest/whip/a.ts", `await import("../../control/b.ts");`, "ingest may import core"],
	["transcoder: ingest", "transcoder/a.ts", `import type { B } from "../ingest/b.ts";`, "transcoder may import core"],
	["type of another part", "ingest/a.ts", `let b: import("../control/b.ts").B;`, "ingest may import core"],
	["the composition root", "control/a.ts", `import "../server.ts";`, "control may import core"],
	["backwards", "transcoder/source/a.ts", `import { b } from "../encode/b.ts";`, "stages encode, source"],
	["a stage ahead", "transcoder/package/a.ts", `import { b } from "../origin/b.ts";`, "stages origin, package"],
	[
		"two stages in one place",
		"transcoder/transcoder.ts",
		`import { a } from "./package/a.ts"; import { b } from "./origin/b.ts";`,
		"stages package, origin",
	],
	["pages: runtime", "src/lib/a.ts", `import { b } from "../../core/runtime/b.ts";`, "src may import core/protocol"],
	["pages: Node", "src/routes/a.ts", `import { readFile } from "node:fs/promises";`, "runs in browsers"],
	[
		"a component",
		"src/routes/A.svelte",
		`<p>x</p>\n<script lang="ts" module>\nimport { b } from "../../control/b.ts";\n</script>`,
		"src may import core/protocol",
	],
	["demo: ingest", "deploy/demo/a.ts", `import { b } from "../../ingest/b.ts";`, "deploy may import core"],
	["door: werift", "ingest/whip/a.ts", `import { RTCPeerConnection } from "werift";`, "door is ingest/transport"],
	["door: werift by a path", "ingest/feed/a.ts", `import "werift/lib/x.js";`, "door is ingest/transport"],
	["door: node-av", "ingest/a.ts", `import { Decoder } from "node-av/api";`, "door is transcoder"],
	[
		"door: fluent-ffmpeg",
		"transcoder/compose/a.ts",
		`import ffmpeg from "fluent-ffmpeg";`,
		"door is transcoder/encode",
	],
	["door: hls.js", "src/lib/components/A.svelte", `<script>import Hls from "hls.js/light"</script>`, "src/lib/player"],
	["door: kysely", "control/webinars.ts", `import { sql } from "kysely";`, "door is control/store"],
	["door: playwright", "deploy/demo/a.ts", `import { chromium } from "playwright-core";`, "door is test"],
	["tests in the product", "control/a.ts", `import { b } from "./a.test-support.ts";`, "is for tests"],
];

const sound: [what: string, file: string, source: string][] = [
	["a package with a similar name", "control/a.ts", `import x from "werift-lookalike"; import y from "@x/werift";`],
	["a name in a string or comment", "control/a.ts", `// import "../ingest/b.ts"\nconst s = 'import "werift"';`],
	["its own folder and core", "ingest/whip/a.ts", `import "../sfu/b.ts"; import "../../core/runtime/bus.ts";`],
	["a stage and the contracts beside it", "transcoder/package/a.ts", `import "../coded-frames.ts"; import "./b.ts";`],
	["all stages, where they are joined", "transcoder/programme.ts", `import "./source/a.ts"; import "./encode/b.ts";`],
	["everything, in the composition root", "server.ts", `import "./control/a.ts"; import "./ingest/b.ts";`],
	["test support, in a test", "control/a.test.ts", `import "../test/support/b.ts"; import "./a.test-support.ts";`],
];

describe("import rules", () => {
	it.each(broken)("find a violation: %s", (_rule, file, source, said) => {
		expect(importViolations(file, source)).toEqual([expect.stringContaining(said)]);
	});

	it.each(sound)("allow %s", (_what, file, source) => {
		expect(importViolations(file, source)).toEqual([]);
	});

	it("are kept by every file", () => {
		const files = repositoryFiles(".ts", ".js", ".mjs", ".svelte");
		expect(files).toContain("server.ts");
		expect(files.flatMap((file) => importViolations(file, readText(file)))).toEqual([]);
	});
});
