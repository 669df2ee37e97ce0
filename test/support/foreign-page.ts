import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ForeignPage {
	/** On 127.0.0.1, which is another origin than localhost, and another site. */
	url: string;
	close(): Promise<void>;
}

/** Somebody else's site with one page of the given HTML. */
export async function startForeignPage(html: string): Promise<ForeignPage> {
	const server = createServer((_request, response) => {
		response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
}
