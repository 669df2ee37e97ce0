/** What went wrong, as a sentence for the person in front of the page. */
export function problemWords(error: unknown): string {
	const { code, detail } = error as { code?: string; detail?: string };
	if (code && code in words) return words[code as keyof typeof words];
	if (detail) return /[.!?]$/.test(detail) ? detail : `${detail}.`;
	return "The server cannot be reached. Check your connection and try again.";
}

const words = {
	"token-missing": "This page needs the link you were invited with. Open it again from your invitation.",
	"token-invalid": "This link is not valid. Ask whoever sent it for a new one.",
	"token-expired": "This link has expired. Ask whoever sent it for a new one.",
	"invitation-needed": "This webinar is private. Open it with the link you were invited with.",
	forbidden: "Your link does not allow this.",
	"webinar-unknown": "There is no such webinar. It may have been deleted.",
	"webinar-ended": "This webinar has ended.",
	"webinar-live": "This webinar is live already.",
	"webinar-not-live": "This webinar is not live.",
	"hand-not-raised": "That hand is down again.",
	"person-unknown": "That person has left.",
	"not-on-stage": "That person is not on stage with this now.",
	"too-many-outputs": "There are as many destinations as there may be. Remove one first.",
	"output-unknown": "That destination has been removed already.",
	"body-too-large": "The file is larger than 1 MB. Choose a smaller one.",
	"unsupported-media-type": "Only PNG, JPEG and WebP images can be used.",
	"unusable-image": "This image is broken, or larger than 4096 pixels.",
	"too-many-requests": "That was too often in a short time. Wait a moment and try again.",
	internal: "Something went wrong on the server. Try again; its log says more.",
	unavailable: "The server is busy. Try again in a moment.",
} as const;
