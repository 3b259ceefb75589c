import { existsSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { checkConfig } from "../config/check-config.ts";
import { parseYaml } from "../config/document.ts";
import { describeIssues, type Path, type Place, type Problem, refuse } from "../config/problems.ts";
import type { Effects } from "../effects.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { inputPath } from "../files/input-path.ts";
import { isRecord, setAt } from "../files/json-shape.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { configPlaces } from "../job/open-config.ts";
import { looksSecret } from "../secrets/looks-secret.ts";
import type { JudgeRecipe } from "./recipe.ts";
import { type ParsedRecipe, recipeSchema } from "./recipe-schema.ts";

/** A key of a recipe that a flag sets; `from` names it. */
export interface RecipeOverride {
  readonly from: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

type RecipeEffects = Pick<Effects, "cwd" | "env">;

/**
 * Reads a recipe, lays the overrides over it and checks it, with the job in its `data`. A name without a path is that of a shipped
 * recipe. Throws AbtieError("config") that lists every problem at once, with file, line, column and key.
 */
export async function loadRecipe(
  path: string,
  overrides: readonly RecipeOverride[],
  effects: RecipeEffects,
): Promise<JudgeRecipe> {
  const places = configPlaces(effects);
  const file = recipeFile(path, effects.cwd, places.packageRoot);
  const text = await readSmallFile(file).catch((cause: unknown) => {
    throw new AbtieError(
      "config",
      `cannot read the recipe ${file} (${messageOf(cause)}): name a shipped recipe or a YAML file`,
      { cause },
    );
  });
  const yaml = parseYaml(text, path);
  if (yaml.problems.length > 0 && yaml.value === null) throw refuse(yaml.problems);
  const placeOf = (key: Path): Place => {
    const set = overrides.findLast((override) => override.path.every((part, at) => key[at] === part));
    return set === undefined ? { source: path, position: yaml.locate(key) } : { source: set.from, position: null };
  };
  const written = overrides.reduce(
    (mapping: unknown, { path: at, value }) => setAt(mapping, at, value),
    yaml.value ?? {},
  );
  const problems: Problem[] = [...yaml.problems];
  const add = (at: Path, message: string): void => void problems.push({ path: at, message, place: placeOf(at) });
  // Other problems would quote the text.
  const secrets = secretKeys(written).map((key) => ({ path: key, message: SECRET, place: placeOf(key) }));
  if (secrets.length > 0) throw refuse(secrets);
  const parsed = recipeSchema.safeParse(written, { reportInput: true });
  if (!parsed.success) {
    for (const objection of describeIssues(parsed.error.issues, recipeSchema)) add(objection.path, objection.message);
  } else {
    for (const [at, message] of [...ruleProblems(parsed.data), ...headProblems(parsed.data, written)]) add(at, message);
  }
  const base = dirname(file);
  const job = await checkJob(written, { file, base, placeOf }, places);
  problems.push(...job.problems);
  if (problems.length > 0 || !parsed.success || job.config === null) throw refuse(withoutRepeats(problems));
  const { data, ...others } = parsed.data;
  const { orders, folds, extra, messages, teacher } = data;
  const held = folds.by === "none" ? null : folds.held_out;
  const { engine, base_engine, quantized_engine, base_template, ...prove } = others.prove;
  return {
    ...others,
    prove: {
      ...prove,
      engine: absoluteProfile(engine, base),
      base_engine: absoluteProfile(base_engine, base),
      quantized_engine: absoluteProfile(quantized_engine, base),
      base_template: base_template?.includes("/") === true ? resolve(base, base_template) : base_template,
    },
    base: job.config.engine.tokenizer ?? parsed.data.base,
    file,
    name: basename(file, extname(file)),
    job: job.config,
    data: {
      orders,
      folds: { by: folds.by, count: folds.by === "none" ? 1 : folds.count },
      heldOut: held,
      messages,
      idColumn: namesId(data["columns"]) ? job.config.columns.id : null,
      extra: extra.map((each) => inputPath(base, each)),
      teacher: teacher === null ? null : resolve(base, teacher),
    },
  };
}

function namesId(columns: unknown): boolean {
  return isRecord(columns) && typeof columns["id"] === "string";
}

type ProofEngine = ParsedRecipe["prove"]["engine"];

/** Resolves the paths of an engine, which otherwise would count from the folder of the proof. */
function absoluteProfile(engine: ProofEngine, base: string): ProofEngine {
  if (engine === undefined) return undefined;
  const path = (text: string): string =>
    /[/]|\.ya?ml$/.test(text) && !text.startsWith("{") ? resolve(base, text) : text;
  if (typeof engine === "string") return path(engine);
  const { profile, python, ...others } = engine;
  return {
    ...others,
    ...(profile === undefined ? {} : { profile: path(profile) }),
    ...(python === undefined ? {} : { python: path(python) }),
  };
}

/** A text with a slash or an ending is a path; any other names a shipped recipe. */
function recipeFile(path: string, cwd: string, packageRoot: string): string {
  const shipped = join(packageRoot, "launch/recipes", `${path}.yaml`);
  return !/[/.]/.test(path) && existsSync(shipped) ? shipped : resolve(cwd, path);
}

/** The keys of `data` that a job does not have. */
const OWN_KEYS: ReadonlySet<string> = new Set(["orders", "soft", "folds", "extra", "messages", "teacher"]);

/** The keys of `data` that a training on chats has. */
const CHAT_KEYS: ReadonlySet<string> = new Set([
  "input",
  "messages",
  "columns",
  "context",
  "folds",
  "limit",
  "seed",
  "date",
]);

/** Checks the job in `data`; its engine is made of `base` and `head`, and serves for its tokenizer alone. */
async function checkJob(
  written: unknown,
  { file, base, placeOf }: { file: string; base: string; placeOf: (key: Path) => Place },
  places: ReturnType<typeof configPlaces>,
) {
  const recipe = isRecord(written) ? written : {};
  const data = isRecord(recipe["data"]) ? recipe["data"] : {};
  const own = Object.fromEntries(Object.entries(data).filter(([key]) => !OWN_KEYS.has(key)));
  const engine = {
    model: recipe["base"] ?? "./unknown",
    ...(recipe["head"] === "classifier" ? { kind: "classify" } : {}),
  };
  const job = {
    ...(recipe["head"] === "classifier" ? { template: "classifier" } : {}),
    ...own,
    ...(data["soft"] === "votes" ? { truth: "votes" } : {}),
    engine: typeof engine.model === "string" ? engine : { ...engine, model: "./unknown" },
  };
  const place = (key: Path): Place => (key[0] === "engine" ? placeOf(["base"]) : placeOf(["data", ...key]));
  const { config, problems } = await checkConfig(job, { file, base, placeOf: place }, places);
  const given =
    "engine" in own
      ? [
          {
            path: ["data", "engine"],
            message: "is made of `base` and `head`: delete it",
            place: placeOf(["data", "engine"]),
          },
        ]
      : [];
  return {
    config,
    problems: [
      ...given,
      ...problems.map((problem) => ({
        ...problem,
        path: problem.path[0] === "engine" ? problem.path : ["data", ...problem.path],
      })),
    ],
  };
}

/** Rules that the schema cannot express. */
function ruleProblems({ data: { folds }, load, training, lora }: ParsedRecipe): readonly (readonly [Path, string])[] {
  const [first = 0, last = first] = (lora.layers ?? "0").split("-").map(Number);
  return [
    ...(folds.by !== "none" && folds.held_out >= folds.count
      ? [[["data", "folds", "held_out"], `is ${folds.held_out}, and the folds are 0 to ${folds.count - 1}`] as const]
      : []),
    ...(last < first ? [[["lora", "layers"], `ends before it begins: ${lora.layers}`] as const] : []),
    ...(training.precision === "fp16" && load.compute === "bfloat16" && load.bits <= 8
      ? [[["load", "compute"], "is bfloat16, and training.precision is fp16: give both the same type"] as const]
      : []),
  ];
}

/** Keys that the head of the recipe does not have. */
function headProblems({ head, loss, calibrate }: ParsedRecipe, written: unknown): readonly (readonly [Path, string])[] {
  const lossProblem =
    head !== "label" && loss === "labels"
      ? [[["loss"], `is for the head label: the head ${head} has its own loss; delete the key`] as const]
      : [];
  if (head !== "answer") return lossProblem;
  const data = isRecord(written) && isRecord(written["data"]) ? written["data"] : {};
  const columns = isRecord(data["columns"]) ? Object.keys(data["columns"]) : [];
  const ofJudges = [
    ...Object.keys(data)
      .filter((key) => !CHAT_KEYS.has(key) && key !== "engine")
      .map((key) => [key]),
    ...columns.filter((key) => key !== "id").map((key) => ["columns", key]),
  ];
  return [
    ...lossProblem,
    ...ofJudges.map(
      (key) => [["data", ...key], "is for judges of two answers: delete it, or choose another head"] as const,
    ),
    ...(calibrate ? [[["calibrate"], "is for judges of two answers: delete it"] as const] : []),
  ];
}

const SECRET =
  "looks like a token or a password: a recipe is copied into what is made of it; delete it, and give it in the environment of the program that needs it";

/** Lists the keys whose text looks like a secret. */
function secretKeys(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === "string") return looksSecret(value) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, child]) => secretKeys(child, [...path, key]));
}

function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    return !seen.has(key) && seen.add(key);
  });
}
