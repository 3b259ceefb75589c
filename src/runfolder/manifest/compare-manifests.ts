import type { Json, Manifest } from "./manifest.ts";

/** One thing that differs between the manifest of a run and the one it would have now. */
export interface Difference {
  /** Path of the value, for example `config.template` or `hashes.data`. */
  readonly path: string;
  /** The old and the new value, for a person. */
  readonly text: string;
  /** True when answers made before and after may not be mixed. */
  readonly changesAnswers: boolean;
}

/** Parts of a manifest that never change an answer. */
const ALWAYS_HARMLESS = ["createdAt", "versions.node"];

/**
 * Lists what differs between two manifests, in the order of the old one. A difference is harmless when its path, or a
 * part of a manifest that contains it, is in `harmless` (for example `config.deadline`); anything else may change answers.
 */
export function compareManifests(old: Manifest, now: Manifest, harmless: readonly string[]): readonly Difference[] {
  const before = leaves(old);
  const after = leaves(now);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({
      path,
      text: `${path} was ${show(before.get(path))}, is now ${show(after.get(path))}`,
      changesAnswers: ![...ALWAYS_HARMLESS, ...harmless].some((part) => path === part || isInside(path, part)),
    }));
}

/** Lists the values that hold no others, as JSON by path. An empty list or object counts as one. */
function leaves(manifest: Manifest): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string, value: Json): void => {
    const children = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (children.length === 0) found.set(path, JSON.stringify(value));
    for (const [key, child] of children) {
      // JSON leaves out what is undefined.
      if (child === undefined) continue;
      visit(Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`, child);
    }
  };
  visit("", { ...manifest });
  return found;
}

function isInside(path: string, part: string): boolean {
  return path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}

function show(value: string | undefined): string {
  if (value === undefined) return "absent";
  return value.length > 60 ? `${value.slice(0, 57)}...` : value;
}
