import { classesOf } from "../classes.ts";
import { isRecord } from "../files/json-shape.ts";
import { CLASSES, type Classes } from "../types.ts";
import type { Config } from "./config.ts";
import { resolveEngine } from "./engine.ts";
import { keyProblem } from "./engine-schema.ts";
import { judgeKeysOf, normalize, type Places } from "./normalize.ts";
import { describeIssues, type Objection, type Path, type Place, type Problem } from "./problems.ts";
import { checkRules } from "./rules.ts";
import { configSchema, type ParsedConfig } from "./schema.ts";
import { readShard } from "./shard.ts";
import { checkTemplateName } from "./template-name.ts";

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

/** Checks the key of the environment. The message does not contain it. */
function checkEnvironment({ env }: Places): readonly Problem[] {
  const message = keyProblem(env["OPENAI_API_KEY"] ?? "");
  return message === null ? [] : [{ place: { source: "OPENAI_API_KEY", position: null }, path: [], message }];
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
