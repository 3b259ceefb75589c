import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { AbtieError, systemCode } from "../errors.ts";
import type { Config } from "./config.ts";
import { parseYaml, type YamlFile } from "./document.ts";
import { type EngineSource, resolveEngine } from "./engine.ts";
import { knownKeys } from "./known-keys.ts";
import { normalize, type Places } from "./normalize.ts";
import { describeIssues, formatKey, type Problem } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { configSchema, type ParsedConfig, type WrittenConfig } from "./schema.ts";

/** A key given outside the file, with the name under which the person gave it ("--limit", "OPENAI_BASE_URL"). */
export interface Override {
  readonly from: string;
  readonly set: Partial<WrittenConfig>;
}

/**
 * Reads a config file, lays the overrides over it in order (environment first, flags last), and turns it into what the
 * program uses. Throws an AbtieError("config") that lists every problem at once, with file, line, column and key.
 */
export async function loadConfig(path: string | null, overrides: readonly Override[], places: Places): Promise<Config> {
  const file = path === null ? null : resolve(places.cwd, path);
  const yaml = file === null ? null : parseYaml(await readText(file), path ?? "");
  if (yaml !== null && yaml.problems.length > 0) throw refusal(yaml.problems);
  const written = mergeOverrides(yaml?.value ?? {}, overrides, places.cwd);
  const locate = (key: readonly PropertyKey[]): string => whereIs(key, yaml, path, overrides);

  const parsed = configSchema.safeParse(written);
  if (!parsed.success) throw refusal(problemsOf(parsed.error, locate));
  const base = file === null ? places.cwd : dirname(file);
  const engine = await resolveEngine(parsed.data.engine, { base, ...places });
  const problems = [...checkEngine(engine, locate), ...checkRules(parsed.data, locate)];
  if (problems.length > 0 || engine.engine === null) throw refusal(problems);
  return normalize(parsed.data, engine.engine, file, base, places);
}

function checkEngine(source: EngineSource, locate: (key: readonly PropertyKey[]) => string): readonly Problem[] {
  return source.problems.map((problem) =>
    problem.where === "" ? { ...problem, where: locate(["engine", problem.key]) } : problem,
  );
}

/** Relative paths of a flag count from the working directory, those of the file from the file. */
function mergeOverrides(written: unknown, overrides: readonly Override[], cwd: string): unknown {
  if (written !== null && (typeof written !== "object" || Array.isArray(written))) return written;
  const merged: Record<string, unknown> = { ...(written ?? {}) };
  for (const { set } of overrides) {
    for (const [key, value] of Object.entries(set)) {
      if (value === undefined) continue;
      const isPath = typeof value === "string" && isPathKey(key, value);
      const before = merged[key];
      if (isPath) merged[key] = resolve(cwd, value);
      else if (isObject(value) && isObject(before)) merged[key] = { ...before, ...value };
      else if (key === "engine" && isObject(value) && typeof before === "string")
        merged[key] = { profile: before, ...value };
      else merged[key] = value;
    }
  }
  return merged;
}

/** A template is a path only when it looks like one; a bare word names a shipped template. */
function isPathKey(key: string, value: string): boolean {
  return ["input", "output", "run", "calibration"].includes(key) || (key === "template" && /\/|\.jinja$/.test(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function problemsOf(
  error: z.ZodError<ParsedConfig>,
  locate: (key: readonly PropertyKey[]) => string,
): readonly Problem[] {
  return describeIssues(error.issues, (path) => knownKeys(configSchema, path)).map(({ path, message }) => ({
    where: locate(path),
    key: formatKey(path),
    message,
  }));
}

function whereIs(
  key: readonly PropertyKey[],
  yaml: YamlFile | null,
  path: string | null,
  overrides: readonly Override[],
): string {
  const [top] = key;
  const override = overrides.findLast(({ set }) => top !== undefined && Object.hasOwn(set, top));
  if (override !== undefined) return override.from;
  if (yaml === null) return "command line";
  const { line, column } = yaml.locate(key);
  return `${path}:${line}:${column}`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const reason = systemCode(cause) ?? "unreadable";
    throw new AbtieError("config", `cannot read the config ${file} (${reason}): give the path of a YAML file`, {
      cause,
    });
  }
}

function refusal(problems: readonly Problem[]): AbtieError {
  const lines = problems.map(({ where, key, message }) => `${where}  ${key === "" ? "" : `${key} `}${message}`);
  const [first] = lines;
  if (lines.length === 1 && first !== undefined) return new AbtieError("config", first);
  return new AbtieError("config", `${lines.length} problems in the config`, { details: lines });
}
