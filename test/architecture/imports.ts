import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** One import between two source files, by their paths below the folder that was read; type imports count too. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** A source file and its text. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

const SPECIFIER =
  /(?:^|\s)(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|import\(\s*"(\.[^"]+)"\s*\)|^import\s+"(\.[^"]+)"/gm;

/** Reads every TypeScript file below a folder. */
export function readSources(folder: string): readonly Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

/** Lists every import between the sources: static, dynamic and of types alone. */
export function importsOf(sources: readonly Source[]): readonly Import[] {
  return sources.flatMap(({ name, text }) =>
    [...text.matchAll(SPECIFIER)].map(([, named, called, bare]) => ({
      from: name,
      to: normalize(join(dirname(name), named ?? called ?? bare ?? "")).replace(/\.js$/, ".ts"),
    })),
  );
}

/** Finds one circle of imports; empty when there is none. Depth first; what was left without a circle is not entered again. */
export function findCircle(imports: readonly Import[]): readonly string[] {
  const targets = new Map<string, Import[]>();
  for (const one of imports) targets.set(one.from, [...(targets.get(one.from) ?? []), one]);
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): readonly string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const { to } of targets.get(node) ?? []) {
      const circle = visit(to, [...path, node]);
      if (circle.length > 0) return circle;
    }
    done.add(node);
    return [];
  };
  for (const node of targets.keys()) {
    const circle = visit(node, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** The imports between folders, inner folders included, each once: "a/b -> c". A file at the top stands for itself. */
export function folderImports(imports: readonly Import[]): readonly Import[] {
  const folderOf = (name: string): string => (name.includes("/") ? dirname(name) : name);
  const pairs = new Map<string, Import>();
  for (const { from, to } of imports) {
    const pair = { from: folderOf(from), to: folderOf(to) };
    if (pair.from !== pair.to) pairs.set(`${pair.from} -> ${pair.to}`, pair);
  }
  return [...pairs.values()];
}

/** Leaves out every arrow that follows from others; the arrows must form no circle. */
export function reduceArrows(arrows: readonly Import[]): readonly Import[] {
  const reaches = (from: string, to: string): boolean =>
    arrows.some((arrow) => arrow.from === from && (arrow.to === to || reaches(arrow.to, to)));
  return arrows.filter(
    ({ from, to }) => !arrows.some((other) => other.from === from && other.to !== to && reaches(other.to, to)),
  );
}
