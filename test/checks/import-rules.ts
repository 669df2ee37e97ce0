import { posix } from "node:path";
import ts from "typescript";

/** Folders in which a package may be imported. Everything else reaches it through what these export. */
const doors: Record<string, string[]> = {
	"@aws-sdk/client-s3": ["transcoder/upload"],
	"fluent-ffmpeg": ["transcoder/encode"],
	"hls.js": ["src/lib/player"],
	kysely: ["control/store"],
	"libopus-wasm": ["transcoder"],
	"node-av": ["transcoder"],
	"playwright-core": ["test"],
	werift: ["ingest/transport"],
};

/** Which folders' modules the files of a folder may import besides their own. The first entry that fits a file counts. */
const layers: [folder: string, mayImport: string[]][] = [
	["core/protocol", []],
	["core/runtime", ["core/protocol"]],
	["core/media", []],
	["control", ["core"]],
	["ingest", ["core"]],
	["transcoder", ["core"]],
	["src", ["core/protocol"]],
	["deploy", ["core"]],
];

const stages = ["source", "compose", "encode", "preview", "package", "origin"];
/** Between two stages stand only these; the stages themselves share the contracts beside them. */
const stageKnowers = ["transcoder/pipeline.ts", "transcoder/programme.ts"];

/**
 * The imports of one file that break a rule, each in one sentence.
 * @param file path from the root, with slashes
 */
export function importViolations(file: string, source: string): string[] {
	const imports = importedNames(file, source);
	const found = imports.flatMap((name) => {
		const path = localPath(file, name);
		return path === undefined ? packageViolations(file, name) : localViolations(file, path);
	});
	const known = new Set(imports.flatMap((name) => stageOf(localPath(file, name) ?? "") ?? []));
	const own = stageOf(file);
	if (own) known.add(own);
	if (isInside(file, "transcoder") && known.size > 1 && !stageKnowers.includes(file) && !isTest(file)) {
		found.push(`${file} knows the stages ${[...known].join(", ")}; only ${stageKnowers.join(" and ")} know two`);
	}
	return found;
}

function importedNames(file: string, source: string): string[] {
	const scripts = file.endsWith(".svelte")
		? [...source.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? "").join("\n")
		: source;
	return ts.preProcessFile(scripts, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The path from the root of what a name means, or undefined for a package. */
function localPath(file: string, name: string): string | undefined {
	if (name.startsWith("#lib/")) return `src/lib/${name.slice(5)}`;
	return name.startsWith(".") ? posix.join(posix.dirname(file), name) : undefined;
}

function packageViolations(file: string, name: string): string[] {
	const found: string[] = [];
	const owner = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
	if (isInside(file, "core/protocol") && owner !== "zod" && !isTest(file)) {
		found.push(`${file} imports ${name}; core/protocol runs in browsers and knows only zod`);
	}
	if (isInside(file, "src") && name.startsWith("node:") && !isTest(file)) {
		found.push(`${file} imports ${name}; src runs in browsers`);
	}
	const door = doors[owner];
	if (door && !door.some((folder) => isInside(file, folder))) {
		found.push(`${file} imports ${name}; its one door is ${door.join(", ")}`);
	}
	return found;
}

function localViolations(file: string, path: string): string[] {
	if (isTest(path) && !isTest(file)) return [`${file} imports ${path}, which is for tests`];
	const layer = layers.find(([folder]) => isInside(file, folder));
	if (!layer) return [];
	const [own, mayImport] = layer;
	const allowed = [own, ...mayImport, ...(isTest(file) ? ["test"] : [])];
	if (allowed.some((folder) => isInside(path, folder))) return [];
	return [`${file} imports ${path}; ${own} may import ${mayImport.join(", ") || "nothing of ours"}`];
}

function isInside(path: string, folder: string): boolean {
	return path.startsWith(`${folder}/`);
}

function isTest(path: string): boolean {
	return isInside(path, "test") || /\.test\.ts$|\btest-support\b/.test(path);
}

function stageOf(path: string): string | undefined {
	return stages.find((stage) => isInside(path, `transcoder/${stage}`));
}
