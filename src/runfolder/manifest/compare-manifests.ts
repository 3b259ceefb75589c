import { describeChange } from "./describe-change.ts";
import type { Json, Manifest } from "./manifest.ts";

/** One difference between the manifest of a run and the manifest that the run would have now. */
export interface Difference {
  /** Path of the value that differs, for example `config.template` or `hashes.data`. */
  readonly path: string;
  /** Both values, the old and the new one, as text for a person. */
  readonly text: string;
  /** True when answers made with the old value and answers made with the new one must not be mixed. */
  readonly changesAnswers: boolean;
}

/** The parts of a manifest that never change an answer. */
const ALWAYS_HARMLESS = ["createdAt", "versions.node"];

/** Facts that are unknown where a manifest lacks them: an earlier version wrote none, or the machine has no weights, as that of a join. */
const MAY_BE_UNKNOWN: ReadonlySet<string> = new Set(["hashes.weights"]);

/** The values, as JSON, that settings had before they could be set: an earlier version of abtie did not write them. */
const SINCE_ADDED: ReadonlyMap<string, string> = new Map([
  ["config.cut", '"fair"'],
  ["config.appendEos", "false"],
  ["config.engine.classes", "null"],
]);

/**
 * Lists the differences between two manifests, in the order of the old one. A difference is harmless when `harmless`
 * contains its path or the path of a part that contains it (for example `config.deadline`). Any other difference may
 * change answers.
 */
export function compareManifests(old: Manifest, now: Manifest, harmless: readonly string[]): readonly Difference[] {
  const before = leaves(old);
  const after = leaves(now);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => !MAY_BE_UNKNOWN.has(path) || (before.has(path) && after.has(path)))
    .filter((path) => (before.get(path) ?? SINCE_ADDED.get(path)) !== after.get(path))
    .map((path) => ({
      path,
      text: describeChange(path, before.get(path), after.get(path)),
      changesAnswers: ![...ALWAYS_HARMLESS, ...harmless].some((part) => path === part || isInside(path, part)),
    }));
}

/** Lists the values that contain no other values, as JSON by path. An empty list or object is such a value. */
function leaves(manifest: Manifest): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string, value: Json): void => {
    const children = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (children.length === 0) found.set(path, JSON.stringify(value));
    for (const [key, child] of children) {
      // JSON omits a key whose value is undefined.
      if (child === undefined) continue;
      visit(Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`, child);
    }
  };
  // The model is compared when the engine is ready, see `checkModel`.
  visit("", { ...manifest, model: null });
  return found;
}

function isInside(path: string, part: string): boolean {
  return path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}
