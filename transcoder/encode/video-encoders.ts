import type { Config } from "../../core/runtime/config.ts";

export type EncoderName = Config["encoder"];

/**
 * "low" takes a third of the time of "full" (with x264; and 8x8 transforms, which its preset lacks, so that the H.264
 * profile that players were told stays the same).
 */
export type EncoderCare = "full" | "low";

interface VideoEncoder {
	/** As ffmpeg calls it. */
	codec: string;
	/** What has to be there besides an ffmpeg that knows it. */
	needs: string;
	/** Options before the inputs. */
	device: string[];
	/** Filters on a picture's way into it, after scaling. */
	upload: string[];
	/** Without delay, without B-frames, every forced keyframe an IDR, in the profile High. */
	options: Record<EncoderCare, string[]>;
}

const x264 = ["-tune zerolatency", "-profile:v high", "-sc_threshold 0", "-forced-idr 1"];
const nvenc = ["-tune ull", "-profile:v high", "-rc vbr", "-zerolatency 1", "-bf 0", "-forced-idr 1", "-no-scenecut 1"];
const vaapi = ["-profile:v high", "-rc_mode VBR", "-bf 0", "-async_depth 1", "-idr_interval 0"];
const qsv = ["-profile:v high", "-look_ahead 0", "-bf 0", "-async_depth 1", "-forced_idr 1", "-idr_interval 0"];

export const videoEncoders: Record<EncoderName, VideoEncoder> = {
	x264: {
		codec: "libx264",
		needs: "nothing else",
		device: [],
		upload: [],
		options: {
			full: ["-preset veryfast", ...x264],
			low: ["-preset ultrafast", "-x264-params 8x8dct=1", ...x264],
		},
	},
	nvenc: {
		codec: "h264_nvenc",
		needs: "an NVIDIA GPU with its driver",
		device: [],
		upload: [],
		options: { full: ["-preset p4", ...nvenc], low: ["-preset p1", ...nvenc] },
	},
	vaapi: {
		codec: "h264_vaapi",
		needs: "a GPU at /dev/dri/renderD128 with a VA-API driver that encodes H.264",
		device: ["-vaapi_device /dev/dri/renderD128"],
		upload: ["format=nv12", "hwupload"],
		options: { full: ["-compression_level 4", ...vaapi], low: ["-compression_level 7", ...vaapi] },
	},
	qsv: {
		codec: "h264_qsv",
		needs: "an Intel GPU with Quick Sync and its media driver",
		device: ["-init_hw_device qsv=gpu", "-filter_hw_device gpu"],
		upload: ["format=nv12", "hwupload=extra_hw_frames=8"],
		options: { full: ["-preset veryfast", ...qsv], low: ["-preset veryfast", "-low_power 1", ...qsv] },
	},
};
