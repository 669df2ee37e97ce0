import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./repository-files.ts";

const sound = `<script lang="ts">
	let watching: number = $state(3);
</script>
<button onclick={() => watching++}>{watching}</button>`;
const broken = `<script lang="ts">
	const watching: number = "many";
</script>
<p>{watching.toUpperCase()}</p>`;
const compilerOptions = {
	strict: true,
	noEmit: true,
	module: "esnext",
	moduleResolution: "bundler",
	target: "esnext",
	types: [],
};
/** A compiler and svelte-check start from nothing. */
const DEADLINE_MS = 120_000;

/**
 * `typescript` is TypeScript 6 here, because TypeScript 7 has no API for tools; svelte-check could take that for a reason to
 * find nothing.
 */
it("reports wrong types in a component's script and markup, and none in a sound one", {
	timeout: DEADLINE_MS,
}, async () => {
	const folder = await mkdtemp(join(tmpdir(), "rostrum-svelte-check-"));
	try {
		await symlink(join(root, "node_modules"), join(folder, "node_modules"));
		await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.svelte"] }));
		await writeFile(join(folder, "Sound.svelte"), sound);
		await writeFile(join(folder, "Broken.svelte"), broken);
		const { code, output } = await svelteCheck(folder);
		expect(output).toContain("Broken.svelte:2:8");
		expect(output).toContain("Type 'string' is not assignable to type 'number'");
		expect(output).toContain("Property 'toUpperCase' does not exist on type 'number'");
		expect(output.match(/^(Error|Warn): /gm)).toEqual(["Error: ", "Error: "]);
		expect(code).toBe(1);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});

function svelteCheck(folder: string): Promise<{ code: number; output: string }> {
	const script = join(root, "node_modules/svelte-check/bin/svelte-check");
	const args = [script, "--workspace", folder, "--tsconfig", "tsconfig.json", "--output", "human", "--no-color"];
	return new Promise((resolve) => {
		execFile(process.execPath, args, (error, stdout, stderr) => {
			resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
		});
	});
}
