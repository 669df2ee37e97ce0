import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CaptureDevices } from "./capture-devices.svelte.ts";

class FakeTrack {
	readonly kind: string;
	readonly deviceId: string;
	readyState = "live";
	enabled = true;
	onended: (() => void) | null = null;
	constructor(kind: string, deviceId: string) {
		this.kind = kind;
		this.deviceId = deviceId;
	}
	stop = () => {
		this.readyState = "ended";
	};
	getSettings = () => ({ deviceId: this.deviceId });
}

class FakeStream {
	readonly #tracks: FakeTrack[];
	constructor(tracks: FakeTrack[]) {
		this.#tracks = tracks;
	}
	getTracks = () => this.#tracks;
	getVideoTracks = () => this.#tracks.filter(({ kind }) => kind === "video");
	getAudioTracks = () => this.#tracks.filter(({ kind }) => kind === "audio");
}

class FakeAudioContext {
	state = "running";
	createAnalyser = () => ({ fftSize: 0, getFloatTimeDomainData: () => undefined });
	createMediaStreamSource = () => ({ connect: () => undefined });
	close = async () => undefined;
}

type Constraint = false | { deviceId?: { exact?: string; ideal?: string } };

/** What is plugged in, by kind; an error instead of a list is thrown when that kind is asked for. */
let plugged: { video: string[] | Error; audio: string[] | Error };
let devicesChanged: () => void;

beforeEach(() => {
	plugged = { video: ["cam-1", "cam-2"], audio: ["mic-1"] };
	vi.stubGlobal("isSecureContext", true);
	vi.stubGlobal("MediaStream", FakeStream);
	vi.stubGlobal("AudioContext", FakeAudioContext);
	vi.stubGlobal("navigator", {
		permissions: { query: async () => ({ state: "prompt" }) },
		mediaDevices: {
			addEventListener: (_type: string, listener: () => void) => {
				devicesChanged = listener;
			},
			enumerateDevices: async () =>
				(["video", "audio"] as const).flatMap((kind) => {
					const ids = plugged[kind];
					return ids instanceof Error ? [] : ids.map((deviceId) => ({ kind: `${kind}input`, deviceId, label: "" }));
				}),
			getUserMedia: async (wanted: { video: Constraint; audio: Constraint }) => {
				const tracks = (["video", "audio"] as const).flatMap((kind) => {
					const constraint = wanted[kind];
					if (!constraint) return [];
					const ids = plugged[kind];
					if (ids instanceof Error) throw ids;
					const { exact, ideal } = constraint.deviceId ?? {};
					const id = ids.find((candidate) => candidate === (exact ?? ideal)) ?? (exact ? undefined : ids[0]);
					if (!id) throw new DOMException("", exact ? "OverconstrainedError" : "NotFoundError");
					return [new FakeTrack(kind, id)];
				});
				return new FakeStream(tracks);
			},
		},
	});
});
afterEach(() => vi.unstubAllGlobals());

const kinds = (devices: CaptureDevices) => devices.stream?.getTracks().map(({ kind }) => kind) ?? [];

test("opens both devices and lists what there is, with names where the browser has none", async () => {
	const devices = new CaptureDevices();
	await devices.open();
	expect(kinds(devices)).toEqual(["video", "audio"]);
	expect(devices.cameras).toEqual([
		{ deviceId: "cam-1", label: "Camera 1" },
		{ deviceId: "cam-2", label: "Camera 2" },
	]);
	expect([devices.cameraId, devices.microphoneId, devices.problem]).toEqual(["cam-1", "mic-1", null]);
	devices.close();
	expect(devices.stream).toBeNull();
});

test.each([
	["video", "NotFoundError", ["audio"], "not-found", /camera/],
	["video", "NotReadableError", ["audio"], "in-use", /camera/],
	["audio", "NotReadableError", ["video"], "in-use", /microphone/],
] as const)(
	"without %s (%s) the other one works, and the words are about the missing one",
	async (kind, name, left, code, words) => {
		plugged[kind] = new DOMException("", name);
		const devices = new CaptureDevices();
		await devices.open();
		expect(kinds(devices)).toEqual(left);
		expect(devices.problem?.code).toBe(code);
		expect(devices.problem?.message).toMatch(words);
		devices.close();
	},
);

test("a plain refusal leaves nothing open and says so", async () => {
	plugged = { video: new DOMException("Permission denied", "NotAllowedError"), audio: [] };
	vi.stubGlobal("navigator", { ...navigator, permissions: { query: async () => ({ state: "denied" }) } });
	const devices = new CaptureDevices();
	await devices.open();
	expect(devices.stream).toBeNull();
	expect(devices.problem?.code).toBe("denied");
	expect(devices.opening).toBe(false);
});

test("another camera replaces the first, keeps the microphone's track and stays switched off", async () => {
	const devices = new CaptureDevices();
	await devices.open();
	const [before] = devices.stream?.getVideoTracks() ?? [];
	const [microphone] = devices.stream?.getAudioTracks() ?? [];
	devices.cameraOn = false;
	devices.cameraId = "cam-2";
	await vi.waitFor(() => expect(devices.stream?.getVideoTracks()[0]?.getSettings().deviceId).toBe("cam-2"));
	expect(before?.readyState).toBe("ended");
	expect(devices.stream?.getVideoTracks()[0]?.enabled).toBe(false);
	expect(devices.stream?.getAudioTracks()[0]).toBe(microphone);
	devices.close();
});

test("an unplugged camera gives way to another, or is missed aloud until it comes back", async () => {
	const devices = new CaptureDevices();
	await devices.open();
	plugged.video = [];
	const [track] = devices.stream?.getVideoTracks() ?? [];
	track?.stop();
	track?.onended?.(new Event("ended"));
	await vi.waitFor(() => expect(devices.problem?.code).toBe("lost"));
	expect(kinds(devices)).toEqual(["audio"]);
	plugged.video = ["cam-3"];
	devicesChanged();
	await vi.waitFor(() => expect(devices.cameras).toHaveLength(1));
	devices.cameraId = "cam-3";
	await vi.waitFor(() => expect(kinds(devices)).toEqual(["audio", "video"]));
	expect(devices.problem).toBeNull();
	devices.close();
});

test("devices that come after close() are turned off again", async () => {
	const devices = new CaptureDevices();
	const opening = devices.open();
	devices.close();
	await opening;
	expect(devices.stream).toBeNull();
});

test("an insecure page is told so without being asked", async () => {
	vi.stubGlobal("isSecureContext", false);
	const devices = new CaptureDevices();
	await devices.open();
	expect(devices.problem?.code).toBe("insecure");
});
