import "media-chrome/media-airplay-button";
import "media-chrome/media-cast-button";
import "media-chrome/media-control-bar";
import "media-chrome/media-controller";
import "media-chrome/media-fullscreen-button";
import "media-chrome/media-live-button";
import "media-chrome/media-mute-button";
import "media-chrome/media-pip-button";
import "media-chrome/media-play-button";
import "media-chrome/media-preview-time-display";
import "media-chrome/media-time-range";
import "media-chrome/media-volume-range";
import "media-chrome/menu/media-captions-menu";
import "media-chrome/menu/media-captions-menu-button";
import "media-chrome/menu/media-chrome-menu-item";
import "media-chrome/menu/media-rendition-menu";
import "media-chrome/menu/media-rendition-menu-button";
import { En } from "media-chrome/lang/en";
import { createMediaStore, type MediaStore } from "media-chrome/media-store/media-store";
import { requestMap } from "media-chrome/media-store/request-map";
import { stateMediator } from "media-chrome/media-store/state-mediator";
import { addTranslation } from "media-chrome/utils/i18n";
import type { LivePlayer } from "./live-player.svelte.ts";

/** Has the elements of media-chrome defined, which touch the page as soon as they are imported. */
addTranslation("en", {
	...En,
	play: "Play",
	pause: "Pause",
	mute: "Mute",
	unmute: "Unmute",
	volume: "Volume",
	quality: "Quality",
	seek: "Seek",
	"closed captions": "Captions",
	"seek to live": "Go live",
	"playing live": "Live",
	"enter fullscreen mode": "Full screen",
	"exit fullscreen mode": "Leave full screen",
	"enter picture in picture mode": "Picture in picture",
	"exit picture in picture mode": "Leave picture in picture",
	"start casting": "Play on another screen",
	"stop casting": "Stop playing on another screen",
	"start airplay": "AirPlay",
	"stop airplay": "AirPlay",
});

interface PlayerStoreOptions {
	player: LivePlayer;
	video: HTMLVideoElement;
	/** What goes full screen. */
	root: HTMLElement;
}

/** What media-chrome's controls show and ask for, as the player has it: to them it is a live stream whatever its length. */
export function createPlayerStore({ player, video, root }: PlayerStoreOptions): MediaStore {
	const { mediaPaused, mediaMuted, mediaCurrentTime } = stateMediator;
	return createMediaStore({
		media: video,
		fullscreenElement: root,
		documentElement: document,
		options: { noMutedPref: true, noSubtitlesLangPref: true, noAutoSeekToLive: true },
		stateMediator: {
			...stateMediator,
			mediaPaused: {
				...mediaPaused,
				get: () => player.state === "paused" || player.state === "idle",
				set: (paused) => (paused ? player.pause() : void player.play()),
			},
			mediaMuted: { ...mediaMuted, set: (muted) => player.setMuted(muted) },
			mediaCurrentTime: { ...mediaCurrentTime, set: (positionS) => player.seek(positionS) },
			mediaDuration: { get: () => Number.NaN },
			mediaStreamType: { get: () => "live" },
			mediaSeekable: { get: () => seekable(player, video) },
			mediaTimeIsLive: { get: () => player.isLive },
			// An error is the player's to deal with; here it would lock every control.
			mediaErrorCode: { get: () => undefined as never },
			mediaRenditionUnavailable: { get: () => (player.levels.length > 1 ? undefined : "unavailable") },
			mediaRenditionList: { get: () => player.levels.map((level, id) => ({ id: String(id), ...level })) },
			mediaRenditionSelected: {
				// None stands for automatic.
				get: () => player.chosenLevel?.toString() as string,
				set: (id) => player.chooseLevel(id === "auto" ? null : Number(id)),
			},
		},
		requestMap: {
			...requestMap,
			mediaseektoliverequest: () => player.goLive(),
			// As a distance from now: nobody knows the programme's own time.
			mediapreviewrequest: (_mediator, _owners, { detail }) => ({
				mediaPreviewTime: detail == null ? detail : detail - (player.rewindWindow?.endS ?? detail),
			}),
		},
	});
}

function seekable({ rewindWindow }: LivePlayer, { currentTime }: HTMLVideoElement): [number, number] | undefined {
	return rewindWindow ? [rewindWindow.startS, Math.max(rewindWindow.endS, currentTime)] : undefined;
}
