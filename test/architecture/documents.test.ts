import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderImports, type Import, importsOf, readSources, reduceArrows } from "./imports.ts";

const DOCUMENTS = [
  ...readdirSync(".").filter((name) => name.endsWith(".md")),
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).flatMap((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));
/** Everybody may import these; arrows to them would hide the others. */
const FOUNDATIONS: ReadonlySet<string> = new Set(["numbers", "files", "secrets"]);

const top = (name: string): string => name.split("/")[0] ?? name;
const isDrawn = (name: string): boolean => !name.endsWith(".ts") && !FOUNDATIONS.has(name);

/** The arrows between the folders of src without those that follow from others. */
function drawnArrows(): readonly string[] {
  const arrows = folderImports(importsOf(readSources("src")).map(({ from, to }) => ({ from: top(from), to: top(to) })));
  const shown = arrows.filter(({ from, to }) => isDrawn(from) && isDrawn(to));
  return reduceArrows(shown).map(({ from, to }: Import) => `${from} --> ${to}`);
}

describe("ARCHITECTURE.md", () => {
  test("draws the arrows that the imports have", () => {
    const [, drawing = ""] = /```mermaid\n([\s\S]*?)```/.exec(readFileSync("ARCHITECTURE.md", "utf8")) ?? [];
    const drawn = [...drawing.matchAll(/^\s*([\w-]+ --> [\w-]+)$/gm)].map(([, arrow]) => arrow);
    expect(drawn.sort()).toEqual([...drawnArrows()].sort());
  });

  test("has a row for every folder of src", () => {
    const text = readFileSync("ARCHITECTURE.md", "utf8");
    const folders = [...new Set(readSources("src").map(({ name }) => top(name)))].filter(
      (name) => !name.endsWith(".ts"),
    );
    expect(folders.filter((name) => !text.includes(`| \`src/${name}/\``))).toEqual([]);
  });
});

describe("the documents", () => {
  test.each(DOCUMENTS)("%s names files that exist", (document) => {
    const text = readFileSync(document, "utf8");
    const paths = [...text.matchAll(/`((?:src|test|docs|bench|launch|prompts|examples)\/[\w./-]*\w\/?)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !/[A-Z]{2,}\b/.test(path));
    expect([...linksOf(document), ...paths].filter((path) => !existsSync(path))).toEqual([]);
  });

  test("link to files that the package holds", () => {
    const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly files: readonly string[] };
    const packed = DOCUMENTS.filter((document) => document === "README.md" || files.includes(top(document)));
    expect(packed).toContain("docs/benchmarks.md");
    expect(packed.flatMap(linksOf).filter((target) => !files.includes(top(target)))).toEqual([]);
  });

  test("the README has 90 to 110 lines and no placeholder", () => {
    const text = readFileSync("README.md", "utf8");
    const lines = text.split("\n").length - 1;
    expect(text).not.toMatch(/@@|TODO/);
    expect(lines).toBeGreaterThanOrEqual(90);
    expect(lines).toBeLessThanOrEqual(110);
  });
});

/** The files that a document links to. */
function linksOf(document: string): readonly string[] {
  return [...readFileSync(document, "utf8").matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
    join(dirname(document), target),
  );
}
