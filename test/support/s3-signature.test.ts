import { expect, test } from "vitest";
import { signatureFault } from "./s3-signature.ts";

/** The example request of Amazon's description of Signature Version 4. */
const account = {
	region: "us-east-1",
	accessKeyId: "AKIAIOSFODNN7EXAMPLE",
	secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const at = Date.UTC(2013, 4, 24);
const scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
const request = {
	method: "GET",
	url: "/test.txt",
	headers: {
		host: "examplebucket.s3.amazonaws.com",
		range: "bytes=0-9",
		"x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"x-amz-date": "20130524T000000Z",
		authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=${signature}`,
	},
	body: Buffer.alloc(0),
};

test("the published example is right", () => {
	expect(signatureFault(request, account, at)).toBeUndefined();
});

test("another secret, path, header, body or time is not", () => {
	const { headers } = request;
	expect(signatureFault(request, { ...account, secretAccessKey: "x" }, at)).toBe("SignatureDoesNotMatch");
	expect(signatureFault({ ...request, url: "/test.txt?x" }, account, at)).toBe("SignatureDoesNotMatch");
	const range = { ...headers, range: "bytes=0-8" };
	expect(signatureFault({ ...request, headers: range }, account, at)).toBe("SignatureDoesNotMatch");
	expect(signatureFault({ ...request, body: Buffer.from("x") }, account, at)).toBe("XAmzContentSHA256Mismatch");
	expect(signatureFault(request, account, at + 16 * 60_000)).toBe("RequestTimeTooSkewed");
	expect(signatureFault(request, { ...account, region: "eu-west-1" }, at)).toBe("AuthorizationHeaderMalformed");
	expect(signatureFault(request, { ...account, accessKeyId: "B" }, at)).toBe("InvalidAccessKeyId");
	expect(signatureFault({ ...request, headers: {} }, account, at)).toBe("AccessDenied");
});
