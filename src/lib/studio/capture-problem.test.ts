import { expect, test } from "vitest";
import { captureObstacle, captureProblem } from "./capture-problem.ts";

const both = { camera: true, microphone: true };
const cameraAlone = { camera: true, microphone: false };

test.each([
	["NotAllowedError", "Permission denied", "denied", /icon beside the address/],
	["NotAllowedError", "Permission dismissed", "dismissed", /choose “Allow”/],
	["NotAllowedError", "Permission denied by system", "denied", /privacy settings/],
	["SecurityError", "", "denied", /forbid/],
	["NotFoundError", "Requested device not found", "not-found", /No camera and microphone was found/],
	["NotReadableError", "Could not start video source", "in-use", /Another program/],
	["AbortError", "", "in-use", /Another program/],
	["OverconstrainedError", "", "unsuitable", /Choose another/],
	["TypeError", "something new", "unknown", /Try again/],
])("%s “%s” is %s, with what to do", (name, message, code, words) => {
	const problem = captureProblem(new DOMException(message, name), both);
	expect(problem.code).toBe(code);
	expect(problem.message).toMatch(words);
	expect(problem.message).not.toMatch(/Error|undefined/);
});

test("the words name the device in question alone", () => {
	const { message } = captureProblem(new DOMException("", "NotReadableError"), cameraAlone);
	expect(message).toMatch(/camera/);
	expect(message).not.toMatch(/microphone/);
});

test("something thrown that is no error is still said in words", () => {
	expect(captureProblem(undefined, both).code).toBe("unknown");
});

test("an insecure page and an old browser are told apart", () => {
	expect(captureObstacle(false, undefined)?.code).toBe("insecure");
	expect(captureObstacle(true, undefined)?.code).toBe("unsupported");
	expect(captureObstacle(true, {} as MediaDevices)).toBeNull();
});
