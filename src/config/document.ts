import { isMap, isPair, type Node } from "yaml";
import { parseBoundedYaml } from "../files/yaml.ts";
import type { FilePosition, Path, Problem } from "./problems.ts";

/** A parsed YAML file that can give the position of each key. */
export interface YamlFile {
  /** The parsed value; null when the text is not YAML. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /**
   * Finds the position of the key at a path. If the file lacks the key, finds its nearest parent that the file has.
   */
  readonly locate: (path: Path) => FilePosition;
}

/** Parses YAML text; `source` is the name of the file in messages. */
export function parseYaml(text: string, source: string): YamlFile {
  const { document, value, problems, positionOf } = parseBoundedYaml(text);
  return {
    value,
    problems: problems.map(({ offset, message }) => ({
      place: { source, position: positionOf(offset) },
      path: [],
      message: `is not valid YAML: ${message}`,
    })),
    locate: (path) => positionOf(offsetOf(document?.contents ?? null, path)),
  };
}

function offsetOf(root: Node | null, path: Path): number {
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
