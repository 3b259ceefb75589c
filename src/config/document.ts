import { isMap, isPair, LineCounter, type Node, parseDocument } from "yaml";
import type { Problem } from "./problems.ts";

/** A position in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML file that can say where each key stands. */
export interface YamlFile {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Finds where the key or value at the path stands; falls back to the nearest parent that exists. */
  readonly locate: (path: readonly PropertyKey[]) => Position;
}

/** Parses YAML text; syntax errors become problems with their position. */
export function parseYaml(text: string, file: string): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    where: formatPlace(file, at(error.pos[0])),
    key: "",
    message: `is not valid YAML: ${error.message}`,
  }));
  const value: unknown = problems.length > 0 ? null : document.toJS();
  return { value, problems, locate: (path) => at(offsetOf(document.contents, path)) };
}

/** Formats a place the way editors and terminals link it. */
export function formatPlace(file: string, position: Position): string {
  return `${file}:${position.line}:${position.column}`;
}

function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (typeof key === "number" && node !== null && typeof node === "object" && "items" in node) {
      node = (node.items as unknown[])[key];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
