import { expect, it } from "vitest";
import { ladderOf } from "../ladder.ts";
import { encoderCommand } from "./encoder-command.ts";
import type { EncoderName } from "./video-encoders.ts";

const ladder = ladderOf([1080, 720, 240]);
const sockets = { pictures: "/p", sound: "/s", rungs: ["/0", "/1", "/2"], aac: "/a" };

function commandOf(encoder: EncoderName, care: "full" | "low" = "full") {
	return encoderCommand({ encoder, care, canvas: ladder[0], rungs: ladder, firstFrame: 4, sockets });
}

it("encodes each rung from the one above it, with x264", () => {
	const { inputs, filter, outputs } = commandOf("x264");
	expect(inputs.map(({ url }) => url)).toEqual(["/p", "unix:/s"]);
	expect(inputs[0]?.options.join(" ")).toBe(
		"-f rawvideo -pixel_format yuv420p -video_size 1920x1080 -framerate 30 -probesize 32 -analyzeduration 0 -thread_queue_size 4",
	);
	expect(filter).toBe(
		[
			"[0:v]setsar=1,split=2[r0][s1]",
			"[r0]null[v0]",
			"[s1]scale=1280:720:flags=bilinear,setsar=1,split=2[r1][s2]",
			"[r1]null[v1]",
			"[s2]scale=426:240:flags=bicubic,setsar=1,null[v2]",
		].join(";"),
	);
	expect(outputs.map(({ url }) => url)).toEqual(["unix:/0", "unix:/1", "unix:/2", "unix:/a"]);
	const top = outputs[0]?.options.join(" ");
	expect(top).toContain(
		"-c:v libx264 -preset veryfast -tune zerolatency -profile:v high -sc_threshold 0 -forced-idr 1",
	);
	expect(top).toContain("-b:v 4500000 -maxrate 5000000 -bufsize 5000000 -g 60 -keyint_min 60 -flags +cgop");
	expect(top).toContain("-force_key_frames expr:eq(n,4)");
	expect(top).toContain("-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv");
	expect(outputs[3]?.options.join(" ")).toContain("-c:a aac -b:a 128000");
});

it("scales the canvas to the first rung when it is smaller", () => {
	const [, second, third] = ladder;
	if (!second || !third) throw new Error("no rungs");
	const options = { encoder: "x264", care: "full", canvas: ladder[0], rungs: [second, third], firstFrame: 4 } as const;
	expect(encoderCommand({ ...options, sockets }).filter).toMatch(
		/^\[0:v\]scale=1280:720:flags=bilinear,setsar=1,split/,
	);
});

it.each([
	["nvenc", "h264_nvenc -preset p4 -tune ull", "", "[r0]null[v0]"],
	[
		"vaapi",
		"h264_vaapi -compression_level 4",
		"-vaapi_device /dev/dri/renderD128",
		"[r0]format=nv12,hwupload,null[v0]",
	],
	[
		"qsv",
		"h264_qsv -preset veryfast",
		"-init_hw_device qsv=gpu -filter_hw_device gpu",
		"[r0]format=nv12,hwupload=extra_hw_frames=8,null[v0]",
	],
] as const)("has %s encode what is uploaded to it, without delay", (encoder, codec, device, upload) => {
	const { inputs, filter, outputs } = commandOf(encoder);
	expect(inputs[0]?.options.join(" ")).toContain(`${device} -f rawvideo`.trim());
	expect(filter).toContain(upload);
	for (const { options } of outputs.slice(0, 3)) {
		expect(options.join(" ")).toContain(`-c:v ${codec}`);
		expect(options.join(" ")).toContain("-bf 0");
		expect(options.join(" ")).toMatch(/-forced[-_]idr 1|-idr_interval 0/);
	}
	expect(commandOf(encoder, "low").outputs[0]?.options).not.toEqual(outputs[0]?.options);
});
