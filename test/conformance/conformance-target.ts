/** What the standard leaves to the server. An operator who names one here has its lack reported as a failure. */
export const features = ["turn", "simulcast", "whep-events", "whep-layers", "rate-limits"] as const;
export type Feature = (typeof features)[number];

/** The server under test, as its operator describes it. */
export interface ConformanceTarget {
	/** URL of a WHIP endpoint at which nobody publishes now. */
	whip: string;
	/** URL of the WHEP endpoint that plays what is published there. */
	whep: string;
	/** Bearer token for publishing. Absent: the endpoint takes everybody. */
	whipToken?: string | undefined;
	/** Bearer token for playing. */
	whepToken?: string | undefined;
	/** A token that the server knows, but that may not publish here. */
	forbiddenToken?: string | undefined;
	/** An endpoint that is at the limit of what it takes, and a token for it. */
	overloaded?: { whip: string; token?: string | undefined } | undefined;
	/** False: the server means to take what careless clients send; see docs/conformance.md. */
	strict: boolean;
	expects: readonly Feature[];
}
