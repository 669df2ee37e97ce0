import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

export default defineConfig({
	plugins: [sveltekit()],
	// Fastify brings a newer cookie than SvelteKit's own; left out of the bundle, SvelteKit's server would find that one.
	ssr: { noExternal: ["cookie"] },
	// hls.js alone is above the default; it is loaded only where something is watched.
	build: { chunkSizeWarningLimit: 800 },
});
