import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { readText, repositoryFiles, root } from "./repository-files.ts";

/** Relative targets of Markdown links and images, and of the HTML a README may hold, with the text of fragments. */
function linksIn(markdown: string): string[] {
	const prose = markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
	const links = [...prose.matchAll(/\]\(([^)\s]+)(?:\s"[^"]*")?\)|(?:src|srcset|href)="([^"]+)"/g)];
	return links.map(([, link, attribute]) => link ?? attribute ?? "").filter((link) => !/^[a-z]+:/.test(link));
}

/** Anchors of a Markdown file's headings, as GitHub makes them. */
function anchorsIn(markdown: string): string[] {
	return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replace(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

function brokenLinks(file: string, markdown: string): string[] {
	return linksIn(markdown).filter((link) => {
		const [path = "", anchor] = link.split("#");
		const target = path === "" ? file : posix.join(posix.dirname(file), path);
		if (!existsSync(join(root, target))) return true;
		return anchor !== undefined && !anchorsIn(target === file ? markdown : readText(target)).includes(anchor);
	});
}

describe("documentation", () => {
	it("has its broken links found", () => {
		const markdown =
			"# Two words\n[a](gone.md) ![b](images/gone.png) [c](#two-words) [d](#gone) [e](https://x.org/)\n`[f](x)`";
		expect(brokenLinks("README.md", markdown)).toEqual(["gone.md", "images/gone.png", "#gone"]);
	});

	it.each(repositoryFiles(".md"))("has no broken link in %s", (file) => {
		expect(brokenLinks(file, readText(file))).toEqual([]);
	});

	it("lists the environment variables that the configuration reads, and no others", () => {
		const schema = readText("core/runtime/config.ts");
		const body = /const environmentSchema = z\.object\(\{([\s\S]*?)^\}\);/m.exec(schema)?.[1] ?? "";
		const [supported, refused] = [[] as string[], [] as string[]];
		for (const [, name = "", value = ""] of body.matchAll(/^\t([A-Z0-9_]+): (\S+)/gm)) {
			(value.startsWith("notYet") ? refused : supported).push(name);
		}
		expect(supported).toContain("PORT");
		const readme = readText("README.md");
		const documented = [...readme.matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map(([, name]) => name);
		expect(documented.sort()).toEqual(supported.sort());
		for (const name of refused) expect(readme).toContain(`\`${name}\``);
	});
});
