import type { Scene } from "../core/protocol/scene.ts";

/**
 * IPC between a pipeline (main process) and its programme's process, which composes and encodes. Coded frames do not go
 * this way but over file descriptor 3 (see coded-frames.ts). The process ends by itself when its parent goes.
 */
export type ToProgramme =
	/** Once, first. `runDir`: an existing private directory for sockets, short enough for socket paths. */
	| { type: "start"; feedPath: string; runDir: string; scene: Scene }
	| { type: "scene"; scene: Scene }
	/** Flush every frame that was ticked so far, close fd 3, exit with 0. */
	| { type: "end" };

export type FromProgramme =
	/** A new encoder was spawned; its pid is for metrics and for tests that kill it. */
	{ type: "encoder-started"; pid: number } | { type: "encoder-lost"; reason: string };
