/** `npm run conformance`: the suite against any server. Prints a table, and ends with 1 when an item failed. */
import { parseArgs } from "node:util";
import { clientFactories, startClients } from "./clients/all-clients.ts";
import type { ClientFactory } from "./clients/media-client.ts";
import { type ConformanceTarget, features } from "./conformance-target.ts";
import { allItems } from "./items/all-items.ts";
import { runItem } from "./run-item.ts";

const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

const usage = `npm run conformance -- --whip URL --whep URL [options]

  --whip URL             endpoint to publish to; nobody may be publishing there
  --whep URL             endpoint that plays what is published there
  --token TOKEN          Bearer token for both
  --whep-token TOKEN     another one to play with
  --forbidden-token T    one the server knows, but that may not publish there
  --overloaded URL       an endpoint of a server that is full; --overloaded-token T
  --lenient              the server means to take what careless clients send
  --expect A,B           what the server has to have, though the standard leaves it open:
                         ${features.join(", ")}
  --clients A,B          of ${names(clientFactories).join(", ")}; default: all; none: "none"
  --only W1,E2           items whose number begins so
`;

function readArguments() {
	const { values } = parseArgs({
		options: {
			whip: { type: "string" },
			whep: { type: "string" },
			token: { type: "string" },
			"whep-token": { type: "string" },
			"forbidden-token": { type: "string" },
			overloaded: { type: "string" },
			"overloaded-token": { type: "string" },
			lenient: { type: "boolean", default: false },
			expect: { type: "string", default: "" },
			clients: { type: "string", default: names(clientFactories).join(",") },
			only: { type: "string", default: "" },
			help: { type: "boolean", default: false },
		},
	});
	const { whip, whep, overloaded } = values;
	if (values.help) {
		write(usage);
		process.exit(0);
	}
	if (!whip || !whep) throw new Error("--whip and --whep are needed");
	const expected = values.expect.split(",").filter(Boolean);
	const unknown = expected.find((name) => !features.some((feature) => feature === name));
	if (unknown) throw new Error(`there is no feature ${unknown}`);
	const target: ConformanceTarget = {
		whip,
		whep,
		whipToken: values.token,
		whepToken: values["whep-token"] ?? values.token,
		forbiddenToken: values["forbidden-token"],
		overloaded: overloaded ? { whip: overloaded, token: values["overloaded-token"] } : undefined,
		strict: !values.lenient,
		expects: features.filter((feature) => expected.includes(feature)),
	};
	return {
		target,
		factories: values.clients === "none" ? [] : values.clients.split(",").map(factoryOf),
		only: values.only.split(",").filter(Boolean),
	};
}

function factoryOf(name: string): ClientFactory {
	const found = clientFactories.find((factory) => factory.name === name);
	if (!found) throw new Error(`there is no client ${name}`);
	return found;
}

/** `E1` means E1, E1b and so on, but not E10; `W` means all of WHIP. */
function isAmong(id: string, only: string[]): boolean {
	const begins = (prefix: string) =>
		id.startsWith(prefix) && !(/\d$/.test(prefix) && /^\d/.test(id.slice(prefix.length)));
	return only.length === 0 || only.some(begins);
}

function write(line: string): void {
	process.stdout.write(`${line}\n`);
}

let parsed: ReturnType<typeof readArguments>;
try {
	parsed = readArguments();
} catch (error) {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
	process.exit(2);
}
const { target, factories, only } = parsed;
const clients = await startClients(factories);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, async () => {
		for (const client of clients) await client.close().catch(() => {});
		process.exit(130);
	});
}
const counts = { pass: 0, fail: 0, skip: 0 };
try {
	for (const item of allItems(clients).filter(({ id }) => isAmong(id, only))) {
		const { verdict, reason, durationMs } = await runItem(item, target, clients);
		counts[verdict]++;
		write(`${verdict.padEnd(5)}${item.id.padEnd(24)}${item.title}  (${item.section}; ${Math.round(durationMs)} ms)`);
		for (const line of reason.split("\n").filter(Boolean).slice(0, 12)) write(`     ${" ".repeat(24)}${line}`);
	}
} finally {
	for (const client of clients) await client.close();
}
if (counts.pass + counts.fail + counts.skip === 0) write(`There is no item ${only.join(", ")}.`);
write(`\n${counts.pass} passed, ${counts.fail} failed, ${counts.skip} skipped`);
process.exit(counts.fail > 0 || counts.pass === 0 ? 1 : 0);
