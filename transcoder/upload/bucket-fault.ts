export interface BucketFault {
	/** `refused`: the same request will fare no better until somebody changes the settings or the bucket. */
	kind: "temporary" | "refused";
	/** The store's own, such as `SlowDown`, or the connection's, such as `ECONNREFUSED`. */
	code: string;
	status: number | undefined;
	reason: string;
}

/** Below 500, but of the moment. 307: where a new bucket is has not got about yet. */
const temporaryStatuses = [307, 408, 425, 429];
const temporaryCodes = ["RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling", "ThrottlingException"];

/** What a failed request says, without what the client's errors hold besides: parts of the signed request. */
export function bucketFault(error: unknown): BucketFault {
	const { name, code, message, $metadata } = error as {
		name?: string;
		code?: string;
		message?: string;
		$metadata?: { httpStatusCode?: number };
	};
	const status = $metadata?.httpStatusCode;
	const said = (status === undefined ? code : name) ?? name ?? "unknown";
	const isTemporary =
		status === undefined || status >= 500 || temporaryStatuses.includes(status) || temporaryCodes.includes(said);
	return { kind: isTemporary ? "temporary" : "refused", code: said, status, reason: message || said };
}
