import {
	type CaptureKinds,
	type CaptureProblem,
	captureObstacle,
	captureProblem,
	lostProblem,
} from "./capture-problem.ts";
import { LevelMeter } from "./level-meter.ts";

export interface CaptureDevice {
	deviceId: string;
	label: string;
}

type Kind = "camera" | "microphone";

const PICTURE: MediaTrackConstraints = {
	width: { ideal: 1280 },
	height: { ideal: 720 },
	frameRate: { ideal: 30, max: 30 },
};
const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** The camera and microphone someone goes on stage with. One of them is enough; `problem` says what became of the other. */
export class CaptureDevices {
	/** Labels and ids are known once permission was given. */
	cameras = $state.raw<CaptureDevice[]>([]);
	microphones = $state.raw<CaptureDevice[]>([]);
	/** A new object whenever a track is exchanged. */
	stream = $state.raw<MediaStream | null>(null);
	/** Of the microphone: 0 silent, 1 full scale. */
	level = $state(0);
	problem = $state.raw<CaptureProblem | null>(null);
	/** The browser is being asked, or a device is starting. */
	opening = $state(false);

	#cameraId = $state<string | null>(null);
	#microphoneId = $state<string | null>(null);
	#cameraOn = $state(true);
	#microphoneOn = $state(true);
	#meter: LevelMeter | undefined;
	/** Ends what `open` began: listeners, and answers that come too late. */
	#session: AbortController | undefined;
	#exchanging: Promise<void> = Promise.resolve();

	/** The device in use, or chosen for the next `open()`. Setting it exchanges the device at once. */
	get cameraId(): string | null {
		return this.#cameraId;
	}
	set cameraId(deviceId: string | null) {
		this.#cameraId = deviceId;
		if (this.stream) void this.#exchange({ camera: true, microphone: false });
	}

	get microphoneId(): string | null {
		return this.#microphoneId;
	}
	set microphoneId(deviceId: string | null) {
		this.#microphoneId = deviceId;
		if (this.stream) void this.#exchange({ camera: false, microphone: true });
	}

	/** Off: black frames, or silence, are sent, so that nothing has to be negotiated anew. */
	get cameraOn(): boolean {
		return this.#cameraOn;
	}
	set cameraOn(on: boolean) {
		this.#cameraOn = on;
		for (const track of this.stream?.getVideoTracks() ?? []) track.enabled = on;
	}

	get microphoneOn(): boolean {
		return this.#microphoneOn;
	}
	set microphoneOn(on: boolean) {
		this.#microphoneOn = on;
		for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = on;
	}

	/** Asks for camera and microphone, and takes one of them if the other is not to be had. Never rejects: see `problem`. */
	async open(): Promise<void> {
		this.close();
		this.problem = captureObstacle(isSecureContext, navigator.mediaDevices as MediaDevices | undefined);
		if (this.problem) return;
		const session = new AbortController();
		this.#session = session;
		navigator.mediaDevices.addEventListener("devicechange", () => void this.#devicesChanged(), {
			signal: session.signal,
		});
		await this.#exchange({ camera: true, microphone: true });
	}

	/** Turns the devices off. */
	close(): void {
		this.#session?.abort();
		this.#session = undefined;
		for (const track of this.stream?.getTracks() ?? []) track.stop();
		this.#adopt([]);
		this.opening = false;
	}

	/** Opens the wanted devices in place of those of the same kind; one exchange after the other. */
	#exchange(wanted: CaptureKinds): Promise<void> {
		const session = this.#session;
		this.#exchanging = this.#exchanging.then(() => session && this.#exchangeNow(wanted, session.signal));
		return this.#exchanging;
	}

	async #exchangeNow(wanted: CaptureKinds, signal: AbortSignal): Promise<void> {
		if (signal.aborted) return;
		this.opening = true;
		// Some cameras cannot be opened while they are still open with other settings.
		for (const track of this.stream?.getTracks() ?? []) if (wanted[kindOf(track)]) track.stop();
		const { tracks, problem } = await this.#ask(wanted);
		if (signal.aborted) {
			for (const track of tracks) track.stop();
			return;
		}
		const kept = (this.stream?.getTracks() ?? []).filter((track) => track.readyState === "live");
		this.problem = problem;
		this.#adopt([...kept, ...tracks]);
		await this.#listDevices();
		this.opening = false;
	}

	async #ask(wanted: CaptureKinds): Promise<{ tracks: MediaStreamTrack[]; problem: CaptureProblem | null }> {
		try {
			return { tracks: await getTracks(wanted, this), problem: null };
		} catch (error) {
			const problem = captureProblem(error, wanted);
			if (!wanted.camera || !wanted.microphone || problem.code === "dismissed") return { tracks: [], problem };
			// One of the two may be the culprit; asking again for what was plainly refused would only be a nuisance.
			const worthAsking = problem.code === "denied" ? await notDenied() : wanted;
			const missing = { camera: true, microphone: true };
			const tracks: MediaStreamTrack[] = [];
			let culprit = error;
			for (const kind of ["camera", "microphone"] as const) {
				if (!worthAsking[kind]) continue;
				try {
					tracks.push(...(await getTracks({ camera: false, microphone: false, [kind]: true }, this)));
					missing[kind] = false;
				} catch (alone) {
					culprit = alone;
				}
			}
			return { tracks, problem: tracks.length > 0 ? captureProblem(culprit, missing) : problem };
		}
	}

	#adopt(tracks: MediaStreamTrack[]): void {
		this.stream = tracks.length > 0 ? new MediaStream(tracks) : null;
		this.#meter?.close();
		this.#meter = undefined;
		this.level = 0;
		for (const track of tracks) {
			track.enabled = kindOf(track) === "camera" ? this.#cameraOn : this.#microphoneOn;
			track.onended = () => void this.#lost(kindOf(track));
			const { deviceId } = track.getSettings();
			if (kindOf(track) === "camera") {
				track.contentHint = "motion";
				this.#cameraId = deviceId ?? this.#cameraId;
			} else {
				this.#microphoneId = deviceId ?? this.#microphoneId;
				this.#meter = new LevelMeter(track, (level) => {
					this.level = this.#microphoneOn ? level : 0;
				});
			}
		}
	}

	/** Unplugged, or taken away in the browser's settings: another one of its kind may do. */
	async #lost(kind: Kind): Promise<void> {
		const wanted = { camera: kind === "camera", microphone: kind === "microphone" };
		if (kind === "camera") this.#cameraId = null;
		else this.#microphoneId = null;
		await this.#exchange(wanted);
		if (this.problem && this.#session) this.problem = lostProblem(wanted);
	}

	async #devicesChanged(): Promise<void> {
		await this.#listDevices();
		if (!this.stream && !this.opening) await this.#exchange({ camera: true, microphone: true });
	}

	async #listDevices(): Promise<void> {
		const devices = await navigator.mediaDevices.enumerateDevices();
		const ofKind = (kind: MediaDeviceKind, name: string) =>
			devices
				.filter((device) => device.kind === kind && device.deviceId !== "")
				.map(({ deviceId, label }, i) => ({ deviceId, label: label || `${name} ${i + 1}` }));
		this.cameras = ofKind("videoinput", "Camera");
		this.microphones = ofKind("audioinput", "Microphone");
	}
}

function kindOf(track: MediaStreamTrack): Kind {
	return track.kind === "video" ? "camera" : "microphone";
}

/** A device chosen by itself must be that one; at the start, one that is no longer there gives way to another. */
async function getTracks(
	{ camera, microphone }: CaptureKinds,
	{ cameraId, microphoneId }: { cameraId: string | null; microphoneId: string | null },
): Promise<MediaStreamTrack[]> {
	const how = camera && microphone ? "ideal" : "exact";
	const choice = (deviceId: string | null) => (deviceId === null ? {} : { deviceId: { [how]: deviceId } });
	const stream = await navigator.mediaDevices.getUserMedia({
		video: camera && { ...PICTURE, ...choice(cameraId) },
		audio: microphone && { ...SOUND, ...choice(microphoneId) },
	});
	return stream.getTracks();
}

async function notDenied(): Promise<CaptureKinds> {
	const isDenied = async (name: string) =>
		navigator.permissions.query({ name: name as PermissionName }).then(
			({ state }) => state === "denied",
			// Firefox and Safari do not tell.
			() => true,
		);
	const [camera, microphone] = await Promise.all([isDenied("camera"), isDenied("microphone")]);
	return { camera: !camera, microphone: !microphone };
}
