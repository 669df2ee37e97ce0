/** The page a token opens, as the first segment of its address. */
export type TokenPurpose = "host" | "stage" | "watch" | "embed";

const ADMIN_KEY = "rostrum.admin";
const keyOf = (webinarId: string, purpose: TokenPurpose) => `rostrum.${purpose}.${webinarId}`;

/**
 * Takes `#token=…` (of /host, /stage, /watch and /embed) or `#admin=…` out of the address bar, where it would end up in
 * bookmarks and screenshots, into the browser's storage. Does nothing where storage is refused: the address then stays
 * the one place that has it. Returns whether there was one.
 */
export function takeTokensFromAddress(): boolean {
	const found = tokensOfAddress(location);
	if (found.length === 0) return false;
	if (found.every(([key, token]) => store(key, token))) {
		history.replaceState(history.state, "", location.pathname + location.search);
	}
	return true;
}

/** The token this tab was opened with; else the last one seen in any tab. */
export function tokenFor(webinarId: string, purpose: TokenPurpose): string | undefined {
	return read(keyOf(webinarId, purpose));
}

export function keepToken(webinarId: string, purpose: TokenPurpose, token: string): void {
	store(keyOf(webinarId, purpose), token);
}

export function forgetToken(webinarId: string, purpose: TokenPurpose): void {
	forget(keyOf(webinarId, purpose));
}

export function adminToken(): string | undefined {
	return read(ADMIN_KEY);
}

export function keepAdminToken(token: string): void {
	store(ADMIN_KEY, token);
}

export function forgetAdminToken(): void {
	forget(ADMIN_KEY);
}

/** Storage keys and tokens in an address; empty for a fragment that is something else. */
export function tokensOfAddress({
	pathname,
	hash,
}: {
	pathname: string;
	hash: string;
}): [key: string, token: string][] {
	const fragment = new URLSearchParams(hash.slice(1));
	const found: [string, string][] = [];
	const admin = fragment.get("admin");
	if (admin) found.push([ADMIN_KEY, admin]);
	const token = fragment.get("token");
	const page = /\/(host|stage|watch|embed)\/([a-z0-9]{12})\/?$/.exec(pathname);
	if (token && page?.[1] && page[2]) found.push([keyOf(page[2], page[1] as TokenPurpose), token]);
	return found;
}

// Two presenters may be open in two tabs of one browser, so a tab's own token goes first; the shared copy serves
// whoever opens the address again later. Either storage may be refused, as in a frame of another site.
function storages(): Storage[] {
	return [() => sessionStorage, () => localStorage].flatMap((get) => {
		try {
			return [get()];
		} catch {
			return [];
		}
	});
}

function store(key: string, token: string): boolean {
	const kept = storages().filter((storage) => {
		try {
			storage.setItem(key, token);
			return true;
		} catch {
			return false;
		}
	});
	return kept.length > 0;
}

function read(key: string): string | undefined {
	const inAddress = typeof location === "undefined" ? undefined : tokensOfAddress(location).find(([at]) => at === key);
	if (inAddress) return inAddress[1];
	for (const storage of storages()) {
		const token = storage.getItem(key);
		if (token) return token;
	}
	return undefined;
}

function forget(key: string): void {
	for (const storage of storages()) storage.removeItem(key);
}
