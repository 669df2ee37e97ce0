import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

interface SignedRequest {
	method: string;
	/** Path and query, as they were sent. */
	url: string;
	headers: IncomingHttpHeaders;
	body: Buffer;
}

interface Account {
	region: string;
	accessKeyId: string;
	secretAccessKey: string;
}

const MOST_SKEW_MS = 15 * 60_000;

/** What is wrong with a request's signature (AWS Signature Version 4, for S3), as the code of S3's answer; undefined if nothing. */
export function signatureFault(request: SignedRequest, account: Account, nowMs: number): string | undefined {
	const { method, url, headers, body } = request;
	const fields =
		/^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
			headers.authorization ?? "",
		);
	if (!fields) return "AccessDenied";
	const [, accessKeyId = "", day = "", region = "", signedHeaders = "", signature = ""] = fields;
	if (accessKeyId !== account.accessKeyId) return "InvalidAccessKeyId";
	if (region !== account.region) return "AuthorizationHeaderMalformed";
	const at = String(headers["x-amz-date"]);
	const [, date = "", hours, minutes, seconds] = /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
	const sentMs = Date.parse(`${date.replace(/(....)(..)(..)/, "$1-$2-$3")}T${hours}:${minutes}:${seconds}Z`);
	if (date !== day || !(Math.abs(nowMs - sentMs) < MOST_SKEW_MS)) return "RequestTimeTooSkewed";
	const bodyHash = createHash("sha256").update(body).digest("hex");
	if (headers["x-amz-content-sha256"] !== bodyHash) return "XAmzContentSHA256Mismatch";

	const [path = "", query = ""] = url.split("?");
	const values = signedHeaders.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
	const parameters = query === "" ? [] : query.split("&").map((pair) => (pair.includes("=") ? pair : `${pair}=`));
	const canonical = [method, path, parameters.sort().join("&"), values.join(""), signedHeaders, bodyHash].join("\n");
	const scope = `${day}/${region}/s3/aws4_request`;
	const toSign = ["AWS4-HMAC-SHA256", at, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
	const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
		(secret, part) => createHmac("sha256", secret).update(part).digest(),
		`AWS4${account.secretAccessKey}`,
	);
	return createHmac("sha256", key).update(toSign).digest("hex") === signature ? undefined : "SignatureDoesNotMatch";
}
