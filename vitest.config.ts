import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const everywhere = ["**/node_modules/**", "build/**", ".svelte-kit/**"];

export default defineConfig({
	test: {
		// A test waits for what it expects with deadlines of its own; this one only ends what hangs.
		hookTimeout: 60_000,
		// Tests wait more than they compute: one worker for each core, of which Vitest would leave one free.
		maxWorkers: "100%",
		projects: [
			{
				extends: true,
				test: {
					name: "unit",
					include: ["**/*.test.ts"],
					exclude: [...everywhere, "src/**", "test/integration/**", "test/conformance/**", "test/e2e/**"],
					testTimeout: 30_000,
				},
			},
			{
				extends: true,
				plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
				test: { name: "web", include: ["src/**/*.test.ts"], exclude: everywhere, testTimeout: 20_000 },
			},
			{
				extends: true,
				test: {
					name: "integration",
					include: ["test/integration/**/*.test.ts"],
					exclude: everywhere,
					fileParallelism: false,
					testTimeout: 120_000,
				},
			},
			{
				extends: true,
				test: {
					name: "conformance",
					include: ["test/conformance/**/*.test.ts"],
					exclude: everywhere,
					fileParallelism: false,
					testTimeout: 120_000,
					hookTimeout: 120_000,
				},
			},
			{
				extends: true,
				test: {
					name: "e2e",
					include: ["test/e2e/**/*.test.ts"],
					exclude: everywhere,
					fileParallelism: false,
					testTimeout: 300_000,
					hookTimeout: 120_000,
				},
			},
		],
	},
});
