import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { eventually } from "./deadline.ts";
import { freeMediaPorts } from "./free-ports.ts";
import { NetworkLink } from "./network-link.ts";
import { NetworkNamespace } from "./network-namespace.ts";

const DEVICE_DEADLINE_MS = 10_000;

/**
 * A bad network for whole programs, where the kernel has no tc netem: what runs behind it reaches this machine through a
 * NetworkLink that carries IP packets, so TCP itself meets the loss and the jitter. Needs root, iproute2 and socat.
 */
export class PacketLink {
	/** Its `become` sets the conditions. */
	readonly link: NetworkLink;
	/** Of this machine, for what runs behind the link. */
	readonly hostAddress: string;
	readonly #namespace: NetworkNamespace;
	readonly #ends: ChildProcess[];

	private constructor(link: NetworkLink, namespace: NetworkNamespace, hostAddress: string, ends: ChildProcess[]) {
		this.link = link;
		this.#namespace = namespace;
		this.hostAddress = hostAddress;
		this.#ends = ends;
	}

	static async open(): Promise<PacketLink> {
		const namespace = await NetworkNamespace.open();
		const port = await freeMediaPorts();
		const link = await NetworkLink.open({ address: "127.0.0.1", port });
		// The namespace's own cable is 10.213.N.0/30.
		const network = namespace.hostAddress.replace(/^10\.213\.(\d+)\.1$/, "10.214.$1");
		const ends: ChildProcess[] = [];
		const end = async (side: string, address: string, peer: string) => {
			const device = `${side}${process.pid % 1_000_000}`;
			const args = [`TUN:${address}/30,tun-name=${device},iff-no-pi,up`, peer];
			ends.push(spawn("socat", args, { stdio: "ignore" }));
			await eventually(
				() => networkInterfaces()[device],
				DEVICE_DEADLINE_MS,
				() => "socat makes no network device",
			);
			return device;
		};
		const opened = new PacketLink(link, namespace, `${network}.1`, ends);
		try {
			const far = await end("far", `${network}.2`, `UDP4:127.0.0.1:${link.port}`);
			await namespace.adopt(far, `${network}.2/30`);
			// Not before: the device is down on its way, and socat ends when it has a packet for it then.
			await end("near", `${network}.1`, `UDP4-LISTEN:${port},bind=127.0.0.1`);
			return opened;
		} catch (error) {
			await opened.close();
			throw error;
		}
	}

	/** A program that runs `command`, with the arguments it gets, behind the link. */
	wrap(command: string): Promise<string> {
		return this.#namespace.wrap(command);
	}

	async close(): Promise<void> {
		for (const end of this.#ends) {
			if (end.exitCode !== null || end.signalCode !== null) continue;
			end.kill("SIGKILL");
			await once(end, "exit");
		}
		this.link.close();
		await this.#namespace.close();
	}
}
