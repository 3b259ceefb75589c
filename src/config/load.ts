import { dirname, resolve } from "node:path";
import { classesOf } from "../classes.ts";
import { AbtieError, systemCode } from "../errors.ts";
import { isRecord } from "../files/json-shape.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { CLASSES, type Classes } from "../types.ts";
import type { Config } from "./config.ts";
import { parseYaml, type YamlFile } from "./document.ts";
import { resolveEngine } from "./engine.ts";
import { keyProblem } from "./engine-schema.ts";
import { isTemplatePath, judgeKeysOf, normalize, type Places } from "./normalize.ts";
import { describeIssues, type Objection, type Path, type Place, type Problem, refuse } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { configSchema, type ParsedConfig, type WrittenConfig } from "./schema.ts";
import { readShard } from "./shard.ts";
import { checkTemplateName } from "./template-name.ts";

/** Keys that a flag or an environment variable sets; `from` names it ("--limit", "OPENAI_BASE_URL"). */
export interface Override {
  readonly from: string;
  readonly set: Partial<WrittenConfig>;
  /** A key that is removed before the others are set. */
  readonly without?: keyof WrittenConfig;
}

/**
 * Reads a config file, replaces keys by the overrides in their order (environment first, flags last), and turns the
 * result into the config that the program uses. Throws an AbtieError("config") that lists every problem at once, with
 * file, line, column and key.
 */
export async function loadConfig(path: string | null, overrides: readonly Override[], places: Places): Promise<Config> {
  const file = path === null ? null : resolve(places.cwd, path);
  const yaml = file === null ? null : parseYaml(await readText(file), path ?? "");
  if (yaml !== null && yaml.problems.length > 0 && yaml.value === null) throw refuse(yaml.problems);
  const written = mergeOverrides(withoutOutputOfTrial(yaml?.value ?? {}, overrides), overrides, places.cwd);
  const base = file === null ? places.cwd : dirname(file);
  const source: ConfigSource = { file, base, placeOf: (key) => placeOf(key, yaml, path, overrides) };
  const { config, problems } = await checkConfig(written, source, places);
  const all = [...(yaml?.problems ?? []), ...problems];
  if (all.length > 0 || config === null) throw refuse(all);
  return config;
}

/** Where a config that is checked comes from. */
export interface ConfigSource {
  /** The config file, after which the run folder is named; null for none. */
  readonly file: string | null;
  /** Folder against which relative paths are resolved. */
  readonly base: string;
  /** Finds the source of a key. */
  readonly placeOf: (key: Path) => Place;
}

/**
 * Checks a config as a person wrote it, as it was read from a file, and turns it into the config that the program uses; null when
 * there are problems. Throws nothing for what the person wrote.
 */
export async function checkConfig(
  written: unknown,
  { file, base, placeOf }: ConfigSource,
  places: Places,
): Promise<{ readonly config: Config | null; readonly problems: readonly Problem[] }> {
  const { config, objections, removed } = parseLeniently(written);
  const { engine, ...checked } = await resolveEngine(config?.engine, { base, ...places });
  const shard = config?.shard === undefined ? null : readShard(config.shard, places.env);
  const shardProblems: readonly Objection[] =
    shard === null || shard.ok ? [] : [{ path: ["shard"], message: shard.message }];
  const classes = config === null ? CLASSES : await classesFor(config, base, places);
  const templateName = await checkTemplateName(config?.template, places);
  const rules =
    config === null ? [] : [...checked.objections, ...checkRules(config, classes), ...shardProblems, ...templateName];
  // A key does not count as missing if it is mistyped, or if it was removed because its value is wrong.
  const given = [...removed, ...objections.flatMap(({ meant }) => (meant === undefined ? [] : [meant]))];
  const independent = rules.filter(({ missing, path: at }) => !given.some((key) => isWithin(missing ?? at, key)));
  const found = [...objections, ...independent].map((objection) => ({ ...objection, place: placeOf(objection.path) }));
  const problems = [...found, ...checked.problems, ...checkEnvironment(places)];
  if (problems.length > 0 || config === null || engine === null) return { config: null, problems };
  return {
    config: normalize(config, { engine, shard: shard?.ok ? shard.shard : null, classes }, file, base, places),
    problems,
  };
}

/** Finds the classes of a config. If its template cannot be read, a prior of two numbers speaks of two classes. */
async function classesFor(config: ParsedConfig, base: string, places: Places): Promise<Classes> {
  const found = await places.findClasses(judgeKeysOf(config, base, places));
  return found ?? classesOf(config.prior?.length !== 2);
}

/**
 * Removes the output of the file when a flag asks for a trial: fewer rows (--limit) or another run folder (--run). The
 * submission of a trial lies in its run folder unless a flag names another path, so that it never replaces that of the job.
 */
function withoutOutputOfTrial(written: unknown, overrides: readonly Override[]): unknown {
  const isSet = (key: keyof WrittenConfig): boolean => overrides.some(({ set }) => set[key] !== undefined);
  if (!isRecord(written) || isSet("output") || !(isSet("limit") || isSet("run"))) return written;
  const { output, ...others } = written;
  if (!isRecord(output)) return others;
  const { file: _file, ...form } = output;
  return { ...others, output: form };
}

/** Checks the key of the environment. The message does not contain it. */
function checkEnvironment({ env }: Places): readonly Problem[] {
  const message = keyProblem(env["OPENAI_API_KEY"] ?? "");
  return message === null ? [] : [{ place: { source: "OPENAI_API_KEY", position: null }, path: [], message }];
}

/** Lays the overrides over a config, in their order; mappings are merged key by key. */
function mergeOverrides(written: unknown, overrides: readonly Override[], cwd: string): unknown {
  if (written !== null && !isRecord(written)) return written;
  return overrides.reduce<unknown>(
    (merged, { set, without }) => merge(without === undefined ? merged : withoutKey(merged, without), set, [], cwd),
    written ?? {},
  );
}

function withoutKey(mapping: unknown, key: string): unknown {
  return isRecord(mapping) ? Object.fromEntries(Object.entries(mapping).filter(([name]) => name !== key)) : mapping;
}

/**
 * Relative paths in a flag are resolved against the working directory, those in the file against the folder of the
 * file.
 */
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

/** A config without the keys whose values are wrong. The rules can be checked on the other keys. */
interface LenientlyParsed {
  /** Null when the config is not a mapping. */
  readonly config: ParsedConfig | null;
  readonly objections: readonly Objection[];
  /** The keys that were removed. */
  readonly removed: readonly Path[];
}

function parseLeniently(written: unknown): LenientlyParsed {
  const rest = structuredClone(written);
  const removed: Path[] = [];
  let parsed = configSchema.safeParse(rest, { reportInput: true });
  const objections = parsed.success ? [] : describeIssues(parsed.error.issues, configSchema);
  while (!parsed.success) {
    const keys = removeKeys(rest, describeIssues(parsed.error.issues, configSchema));
    if (keys.length === 0) return { config: null, objections, removed };
    removed.push(...keys);
    parsed = configSchema.safeParse(rest, { reportInput: true });
  }
  return { config: parsed.data, objections, removed };
}

/**
 * Removes the key of each objection. If the config lacks the key, removes its nearest parent that the config has.
 * Returns the removed keys.
 */
function removeKeys(root: unknown, objections: readonly Objection[]): readonly Path[] {
  const removed: Path[] = [];
  for (const { path } of objections) {
    if (removed.some((key) => isWithin(path, key))) continue;
    const key = removeKey(root, path);
    if (key !== null) removed.push(key);
  }
  return removed;
}

/**
 * An element of a list cannot be removed alone, because the elements behind it would change their index: the whole list
 * is removed.
 */
function removeKey(root: unknown, path: Path): Path | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = path.slice(0, length - 1).reduce<unknown>(childOf, root);
    const key = String(path[length - 1]);
    if (!isRecord(parent) || !Object.hasOwn(parent, key)) continue;
    delete parent[key];
    return path.slice(0, length);
  }
  return null;
}

function childOf(value: unknown, key: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isRecord(value) ? value[String(key)] : undefined;
}

function isWithin(path: Path, parent: Path): boolean {
  return parent.every((key, index) => path[index] === key);
}

function placeOf(key: Path, yaml: YamlFile | null, path: string | null, overrides: readonly Override[]): Place {
  const override = overrides.findLast(({ set }) => isSetBy(set, key));
  if (override !== undefined) return { source: override.from, position: null };
  if (yaml === null || path === null) return { source: "command line", position: null };
  return { source: path, position: yaml.locate(key) };
}

/** Checks whether an override sets the key, or sets a value that contains the key. */
function isSetBy(set: Override["set"], key: Path): boolean {
  if (key.length === 0) return false;
  let value: unknown = set;
  for (const part of key) {
    if (!isRecord(value)) return value !== undefined;
    value = value[String(part)];
  }
  return value !== undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await readSmallFile(file);
  } catch (cause) {
    const reason = systemCode(cause) ?? "unreadable";
    throw new AbtieError("config", `cannot read the config ${file} (${reason}): give the path of a YAML file`, {
      cause,
    });
  }
}
