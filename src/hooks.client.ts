import type { ClientInit } from "@sveltejs/kit";
import { takeTokensFromAddress } from "#lib/control/stored-tokens.ts";

export const init: ClientInit = () => {
	// Before the router reads the address, or it would write the fragment back.
	takeTokensFromAddress();
	// Someone pastes another link into an open tab: the page has to start over as that person.
	addEventListener("hashchange", () => {
		if (takeTokensFromAddress()) location.reload();
	});
};
