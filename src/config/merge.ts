import { resolve } from "node:path";
import { isRecord } from "../files/json-shape.ts";
import { isTemplatePath } from "./normalize.ts";
import type { WrittenConfig } from "./schema.ts";

/** Keys that a flag or an environment variable sets; `from` names it ("--limit", "OPENAI_BASE_URL"). */
export interface Override {
  readonly from: string;
  readonly set: Partial<WrittenConfig>;
  /** A key that is removed before the others are set. */
  readonly without?: keyof WrittenConfig;
  /** True for a variable of the environment and for a measurement: the keys of one of several judges have precedence. */
  readonly yields?: boolean;
}

/** Lays the overrides over a config, in their order; mappings are merged key by key. */
export function mergeOverrides(written: unknown, overrides: readonly Override[], cwd: string): unknown {
  if (written !== null && !isRecord(written)) return written;
  return overrides.reduce<unknown>(
    (merged, { set, without }) => merge(without === undefined ? merged : withoutKey(merged, without), set, [], cwd),
    written ?? {},
  );
}

function withoutKey(mapping: unknown, key: string): unknown {
  return isRecord(mapping) ? Object.fromEntries(Object.entries(mapping).filter(([name]) => name !== key)) : mapping;
}

/** Relative paths in a flag are resolved against the working directory, those in the file against the folder of the file. */
function merge(before: unknown, value: unknown, path: readonly string[], cwd: string): unknown {
  if (typeof value === "string" && isPathKey(path.join("."), value)) return resolve(cwd, value);
  if (!isRecord(value)) return value;
  const short = SHORT_FORMS[path.join(".")];
  const isShort = short !== undefined && typeof before === "string";
  const base = isShort ? { [short]: before } : isRecord(before) ? before : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, child] of Object.entries(value)) {
    if (child !== undefined) merged[key] = merge(merged[key], child, [...path, key], cwd);
  }
  return merged;
}

/** The keys whose mapping may be written as a text, each with the key of the mapping that the text then is. */
const SHORT_FORMS: Readonly<Record<string, string>> = { engine: "profile", output: "file" };

function isPathKey(key: string, value: string): boolean {
  if (key === "input") return value !== "-";
  if (key === "template") return isTemplatePath(value);
  return ["output", "output.file", "run", "calibration", "engine.tokenizer"].includes(key);
}
