export type CaptureProblemCode =
	| "denied"
	| "dismissed"
	| "not-found"
	| "in-use"
	| "unsuitable"
	| "insecure"
	| "unsupported"
	| "lost"
	| "unknown";

/** Why a camera or microphone is missing. `message` tells a person what to do. */
export interface CaptureProblem {
	code: CaptureProblemCode;
	message: string;
}

export interface CaptureKinds {
	camera: boolean;
	microphone: boolean;
}

/** What stands in the way of asking for devices at all, or null. */
export function captureObstacle(
	isSecureContext: boolean,
	mediaDevices: MediaDevices | undefined,
): CaptureProblem | null {
	if (!isSecureContext) {
		const message =
			"Browsers give out the camera and microphone only on pages with a secure address. " +
			"Open this page by https://, or on the server itself by http://localhost.";
		return { code: "insecure", message };
	}
	if (!mediaDevices) {
		const message = "This browser cannot use a camera or microphone. A current Chrome, Edge, Firefox or Safari can.";
		return { code: "unsupported", message };
	}
	return null;
}

/** Reads what `getUserMedia` threw when asked for `wanted` (W3C Media Capture and Streams, section 10.3). */
export function captureProblem(error: unknown, wanted: CaptureKinds): CaptureProblem {
	const { name, message } = error instanceof Error ? error : { name: "", message: "" };
	const what = whatWasWanted(wanted);
	const it = wanted.camera && wanted.microphone ? "them" : "it";
	switch (name) {
		case "NotAllowedError":
			if (/dismissed/i.test(message)) {
				return {
					code: "dismissed",
					message: `The question about your ${what} was closed unanswered. Try again and choose “Allow”.`,
				};
			}
			if (/system/i.test(message)) {
				return {
					code: "denied",
					message: `Your computer does not let this browser use your ${what}. Allow ${it} in the system's privacy settings, then try again.`,
				};
			}
			return {
				code: "denied",
				message: `This page may not use your ${what}. Allow ${it} with the icon beside the address, then try again.`,
			};
		case "SecurityError":
			return { code: "denied", message: `The browser's settings forbid this page to use your ${what}.` };
		case "NotFoundError":
			return {
				code: "not-found",
				message: `No ${what} was found. Plug ${wanted.camera && wanted.microphone ? "one" : "it"} in, then try again.`,
			};
		case "NotReadableError":
		case "AbortError":
			return {
				code: "in-use",
				message: `Your ${what} cannot be opened. Another program may be using ${it}: close it there, then try again.`,
			};
		case "OverconstrainedError":
			return { code: "unsuitable", message: `The chosen ${what} cannot be used here. Choose another.` };
		default:
			return { code: "unknown", message: `Your ${what} could not be opened. Try again, or choose another.` };
	}
}

/** A device that was in use is gone. */
export function lostProblem(wanted: CaptureKinds): CaptureProblem {
	return {
		code: "lost",
		message: `Your ${whatWasWanted(wanted)} was disconnected. Plug it in again, or choose another.`,
	};
}

function whatWasWanted({ camera, microphone }: CaptureKinds): string {
	if (camera && microphone) return "camera and microphone";
	return camera ? "camera" : "microphone";
}
