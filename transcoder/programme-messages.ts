import type { Brand } from "../core/protocol/brand.ts";
import type { Loudness } from "../core/protocol/bus-topics.ts";
import type { Scene } from "../core/protocol/scene.ts";
import type { ProgrammeChange } from "./change-watch.ts";
import type { LoadReport } from "./load-watch.ts";
import type { ProgrammeOptions } from "./programme.ts";

/**
 * IPC between a pipeline (main process) and its programme's process, which composes and encodes. Coded frames do not go
 * this way but over file descriptor 3 (see coded-frames.ts). The process ends by itself when its parent goes.
 */
export type ToProgramme =
	/** Once, first. */
	| ({ type: "start" } & ProgrammeOptions)
	| { type: "scene"; scene: Scene }
	| { type: "brand"; brand: Brand }
	/** Somebody watches the preview, or nobody any more, as at the start. */
	| { type: "preview"; watched: boolean }
	/** Flush every frame that was ticked so far, close fd 3, exit with 0. */
	| { type: "end" };

export type FromProgramme =
	/** A new encoder was spawned; its pid is for metrics and for tests that kill it. */
	| { type: "encoder-started"; pid: number }
	| { type: "encoder-lost"; reason: string }
	/** Every second, and when what is shed changes. */
	| ({ type: "load" } & LoadReport)
	/** Five times a second while anybody is on air. */
	| { type: "loudness"; levels: Loudness[] }
	| { type: "change"; change: ProgrammeChange };
