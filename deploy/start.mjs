/** `npm start`: fetches what is missing, builds the pages once, then serves everything until it is told to end. */
import { ffmpeg } from "./setup/ffmpeg.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { findNode, nodeRuntime } from "./setup/node-runtime.mjs";
import { inRoot } from "./setup/paths.mjs";
import { prepare } from "./setup/prepare.mjs";
import { superviseServer } from "./setup/supervise-server.mjs";
import { webApp } from "./setup/web-app.mjs";

await prepare([nodePackages, nodeRuntime, ffmpeg, webApp]);
const node = await findNode();
process.exit(await superviseServer(node.path, [inRoot("server.ts"), ...process.argv.slice(2)]));
