import adapter from "@sveltejs/adapter-node";
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

/** @type {import("@sveltejs/kit").Config} */
export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true },
	kit: {
		adapter: adapter({ out: "build" }),
		// The page asks for every later file by a relative path, so a prefix in front of Rostrum needs no new build.
		paths: { relative: true },
	},
};
