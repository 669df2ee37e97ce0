import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { installByApt } from "./system-packages.mjs";

/** gst-launch-1.0, the newer of its HLS demuxers, and its decoders. */
const packages = ["gstreamer1.0-tools", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good", "gstreamer1.0-libav"];

/** One of the players that the stream is tried with. @type {import("./prepare.mjs").Step} */
export const gstreamer = {
	name: "GStreamer",
	doing: "apt-get install gstreamer1.0-tools, with plugins",
	async check() {
		const needed = ["playbin3", "hlsdemux2", "qtdemux", "avdec_h264", "avdec_aac"];
		const found = await Promise.all(needed.map((element) => runCommand("gst-inspect-1.0", ["--exists", element])));
		return found.every(({ code }) => code === 0) ? "found" : undefined;
	},
	async make({ onLine }) {
		for (const name of packages) if (!(await installByApt(name, onLine))) break;
		if (await gstreamer.check()) return;
		const names = packages.join(" ");
		throw new SetupError(`GStreamer is not installed. Install it (apt-get install ${names}), then start again.`);
	},
};
