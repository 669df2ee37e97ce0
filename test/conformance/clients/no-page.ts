/** `fetchFromPage` of a client that has no page. */
export async function noPage(): Promise<never> {
	throw new Error("this client has no page");
}
