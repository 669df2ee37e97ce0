import { randomInt } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

const COMMAND_DEADLINE_MS = 10_000;

/** Network namespaces and firewall rules need it. */
export const mayMakeNetworks = (): boolean => process.getuid?.() === 0;

/** A network of its own, with one cable to this machine: what runs in it stands behind the firewall that it is given. */
export class NetworkNamespace {
	/** Of this machine's end of the cable, and of the other one. */
	readonly hostAddress: string;
	readonly address: string;
	readonly #name: string;
	readonly #folder: string;

	private constructor(name: string, folder: string, network: string) {
		this.#name = name;
		this.#folder = folder;
		this.hostAddress = `${network}.1`;
		this.address = `${network}.2`;
	}

	/** Needs root, iproute2 and nftables. */
	static async open(): Promise<NetworkNamespace> {
		const number = randomInt(1, 250);
		// An interface's name has at most 15 characters.
		const name = `rostrum${process.pid % 100_000}n${number}`.slice(0, 14);
		const namespace = new NetworkNamespace(name, await mkdtemp(join(tmpdir(), "rostrum-net-")), `10.213.${number}`);
		try {
			await namespace.#connect();
		} catch (error) {
			await namespace.close();
			throw error;
		}
		return namespace;
	}

	/** Rules of nftables for what comes and goes, such as `udp dport 53 drop`, in the place of those before. */
	async filter({ input, output }: { input: string[]; output: string[] }): Promise<void> {
		const rules = [
			"flush ruleset",
			"table inet stage {",
			"chain input { type filter hook input priority 0; policy accept;",
			...input,
			"}",
			"chain output { type filter hook output priority 0; policy accept;",
			...output,
			"}",
			"}",
		];
		const path = join(this.#folder, "rules");
		await writeFile(path, `${rules.join("\n")}\n`);
		await run("ip", "netns", "exec", this.#name, "nft", "-f", path);
	}

	/** Takes a network device of this machine's over. `address`: with the length of its prefix. */
	async adopt(device: string, address: string): Promise<void> {
		await run("ip", "link", "set", device, "netns", this.#name);
		await run("ip", "-n", this.#name, "address", "add", address, "dev", device);
		await run("ip", "-n", this.#name, "link", "set", device, "up");
	}

	/** A program that runs `command`, with the arguments it gets, in this network. */
	async wrap(command: string): Promise<string> {
		const path = join(this.#folder, "run");
		await writeFile(path, `#!/bin/sh\nexec ip netns exec ${this.#name} '${command}' "$@"\n`);
		await chmod(path, 0o755);
		return path;
	}

	async close(): Promise<void> {
		// With the namespace goes its end of the cable, and with that the other one.
		await run("ip", "netns", "delete", this.#name).catch(() => {});
		await run("ip", "link", "delete", this.#name).catch(() => {});
		await rm(this.#folder, { recursive: true, force: true });
	}

	async #connect(): Promise<void> {
		const name = this.#name;
		await run("ip", "netns", "add", name);
		await run("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", name);
		await run("ip", "address", "add", `${this.hostAddress}/30`, "dev", name);
		await run("ip", "link", "set", name, "up");
		await run("ip", "-n", name, "address", "add", `${this.address}/30`, "dev", "cable");
		await run("ip", "-n", name, "link", "set", "cable", "up");
		await run("ip", "-n", name, "link", "set", "lo", "up");
		// A browser that finds no way to the world looks for no candidates.
		await run("ip", "-n", name, "route", "add", "default", "via", this.hostAddress);
	}
}

async function run(command: string, ...args: string[]): Promise<void> {
	const { code, stderr } = await runCommand(command, args, COMMAND_DEADLINE_MS);
	if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
