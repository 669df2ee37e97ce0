import { Packager } from "../../../transcoder/package/packager.ts";
import type { Publication } from "../../../transcoder/publication.ts";
import { CodedRecording } from "../coded-recording.ts";
import { forgetfulStore } from "../forgetful-store.ts";

/** No track may be far ahead of another. */
const STEP_MS = 1000;

/** Frames that no decoder would take: these rules look no deeper than boxes. */
function recording(): CodedRecording {
	const rung = { kind: "video", width: 16, height: 16, frameRate: 30, maxBitrate: 1, avcC: "AUIAHg==" } as const;
	const frames = (count: number) => Array.from({ length: count }, (_, index) => Buffer.of(index, 1, 2));
	return new CodedRecording(
		[
			{ ...rung, name: "720p" },
			{ ...rung, name: "360p" },
			{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 1, audioSpecificConfig: "EZA=" },
		],
		[frames(60), frames(60), frames(90)],
	);
}

/** Two runs, still live: what a correct packager published, oldest first. */
function publish(secondRunMs: number): { publications: Publication[]; media: Map<string, Buffer> } {
	const publications: Publication[] = [];
	const media = new Map<string, Buffer>();
	const packager = new Packager({
		epoch: "e",
		windowSeconds: 60,
		timeline: undefined,
		store: forgetfulStore,
		publish: (publication) => {
			publications.push(publication);
			for (const { name, added } of publication.renditions) {
				for (const one of added) media.set(`${name}/${one.name}`, Buffer.concat(one.chunks));
			}
		},
	});
	const recorded = recording();
	for (const [index, ms] of [5100, secondRunMs].entries()) {
		packager.startRun({ run: index, startsAtMs: Date.UTC(2026, 0, 1) + index * 6000, tracks: recorded.tracks });
		for (let at = 0; at < ms; at += STEP_MS) {
			for (const frame of recorded.between(at, Math.min(at + STEP_MS, ms))) packager.add(frame);
		}
	}
	return { publications, media };
}

/** A correct stream, to be spoilt. */
export class PublishedStream {
	/** Oldest first. */
	readonly publications: Publication[];
	/** Bytes by `rendition/name`. */
	readonly media: Map<string, Buffer>;

	constructor({ secondRunMs = 7000 } = {}) {
		({ publications: this.publications, media: this.media } = publish(secondRunMs));
	}

	/** Of the publication at `index`, which counts from the end when it is negative. */
	playlist(name: string, index: number): string {
		const publication = this.publications.at(index);
		return publication?.renditions.find((rendition) => rendition.name === name)?.playlist ?? "";
	}
}
