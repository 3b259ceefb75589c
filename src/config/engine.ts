import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { parseYaml } from "./document.ts";
import { engineSchema, keyProblem, type ParsedEngine } from "./engine-schema.ts";
import { describeIssues, type Objection, type Problem, suggestion } from "./problems.ts";
import { splitArguments } from "./secret-arguments.ts";

/** The engine of a config: the keys of its profile, replaced by the keys that the config gives. */
export interface ResolvedEngine {
  /** Null when a key of the engine is wrong or missing, or its profile cannot be read. */
  readonly engine: (ParsedEngine & { readonly name: string }) | null;
  /** Objections to the config; their paths begin with "engine". */
  readonly objections: readonly Objection[];
  /** Problems in the file of the profile. */
  readonly problems: readonly Problem[];
}

interface Places {
  /** Folder of the config file: a relative path of a profile is resolved against this folder. */
  readonly base: string;
  /** Root of this package, which contains launch/ and prompts/. */
  readonly packageRoot: string;
}

/** The profiles of a config that names no engine: for a model that generates text, and for a classifier. */
export const USUAL_PROFILES: readonly [generative: string, classifier: string] = ["cpu-smollm2", "cpu-classifier"];

/**
 * Replaces keys of the profile by the keys of the engine mapping. A plain text is the name of a profile. The profile is
 * "cpu-smollm2", or "cpu-classifier" for a classifier, if neither `profile`, `command` nor `attach` is given.
 */
export async function resolveEngine(
  written: string | ParsedEngine | undefined,
  places: Places,
): Promise<ResolvedEngine> {
  const { profile, ...own }: ParsedEngine = typeof written === "string" ? { profile: written } : (written ?? {});
  const attaches = own.attach !== undefined;
  const usual = USUAL_PROFILES[own.kind === "classify" ? 1 : 0];
  const named = attaches ? undefined : (profile ?? (own.command === undefined ? usual : undefined));
  const base: Profile = named === undefined ? { ...NO_PROFILE, engine: {} } : await readProfile(named, places);
  if (base.engine === null) return { ...base, engine: null };
  // A profile beside `attach` is not used, but a name that is none is a mistake.
  const unused = attaches && profile !== undefined ? await readProfile(profile, places) : base;
  if (unused.engine === null) return { ...unused, engine: null };
  const kindWritten = own.kind ?? base.engine.kind ?? "spawn";
  const kind = attaches && kindWritten !== "classify" ? ("attach" as const) : kindWritten;
  const engine = { ...base.engine, ...own, kind, name: named ?? (attaches ? "attach" : "custom") };
  const objections = checkEngine(engine);
  return { engine: objections.length > 0 ? null : engine, objections, problems: [] };
}

function checkEngine(engine: ParsedEngine): readonly Objection[] {
  const variables = [...checkTemplateVariables(engine), ...checkClassifier(engine)];
  if (engine.kind === "attach" || engine.attach !== undefined) return variables;
  const message = "is missing: name the model folder here; this engine profile has no default";
  const model = engine.model === undefined ? [{ path: ["engine", "model"], message }] : [];
  return [...model, ...checkKeys(engine), ...variables];
}

/** Checks the keys that only a classifier, or only a model that generates text, has. */
function checkClassifier({ kind, classes, method = "auto" }: ParsedEngine): readonly Objection[] {
  if (kind === "classify") {
    const message = "is for models that generate text: delete this key, a classifier is asked for its classes";
    const twice = classes !== undefined && new Set(Object.values(classes)).size < Object.keys(classes).length;
    return [
      ...(method === "auto" ? [] : [{ path: ["engine", "method"], message }]),
      ...(twice ? [{ path: ["engine", "classes"], message: "name one class twice: each label needs its own" }] : []),
    ];
  }
  const message = "is for classifiers: add `kind: classify`, or delete this key";
  return classes === undefined ? [] : [{ path: ["engine", "classes"], message }];
}

/** Names that abtie or the server gives the chat template, or that a server refuses as variables. */
const RESERVED: ReadonlySet<string> = new Set([
  "messages",
  "add_generation_prompt",
  "continue_final_message",
  "chat_template",
  "tokenize",
  "tools",
  "documents",
]);

function checkTemplateVariables({ chat_template_kwargs = {} }: ParsedEngine): readonly Objection[] {
  return Object.keys(chat_template_kwargs)
    .filter((name) => RESERVED.has(name))
    .map((name) => ({
      path: ["engine", "chat_template_kwargs", name],
      message: "is set by abtie and cannot be a variable of the chat template: delete this key",
    }));
}

/** Checks the keys with which the server is started. The messages do not contain them. */
function checkKeys({ args = [], extra_args = [], env = {} }: ParsedEngine): readonly Objection[] {
  const { apiKey } = splitArguments("", [...args, ...extra_args]);
  const keys: readonly (readonly [Objection["path"], string])[] = [
    [["engine", "args"], apiKey?.reveal() ?? ""],
    [["engine", "env", "VLLM_API_KEY"], env["VLLM_API_KEY"] ?? ""],
  ];
  return keys.flatMap(([path, key]) => {
    const message = keyProblem(key);
    return message === null ? [] : [{ path, message: `gives the server a key that ${message}` }];
  });
}

interface Profile {
  readonly engine: ParsedEngine | null;
  readonly objections: readonly Objection[];
  readonly problems: readonly Problem[];
}

const NO_PROFILE: Profile = { engine: null, objections: [], problems: [] };

async function readProfile(name: string, { base, packageRoot }: Places): Promise<Profile> {
  const shipped = join(packageRoot, "launch/engines");
  const isPath = name.includes("/") || /\.ya?ml$/.test(name);
  const file = isPath ? resolve(base, name) : join(shipped, `${name}.yaml`);
  const object = (message: string): Profile => ({
    ...NO_PROFILE,
    objections: [{ path: ["engine", "profile"], message }],
  });
  let text: string;
  try {
    text = await readSmallFile(file);
  } catch (error) {
    if (isPath) return object(`cannot be read: ${file} (${systemCode(error) ?? "unreadable"})`);
    const names = (await readdir(shipped)).flatMap((entry) => /^(.*)\.yaml$/.exec(entry)?.[1] ?? []);
    return object(
      `is not a shipped engine profile: "${name}"${suggestion(name, names)}, or give the path of a YAML file`,
    );
  }
  const yaml = parseYaml(text, file);
  if (yaml.problems.length > 0) return { ...NO_PROFILE, problems: yaml.problems };
  const parsed = engineSchema.safeParse(yaml.value);
  if (parsed.success) return { ...NO_PROFILE, engine: parsed.data };
  const problems = describeIssues(parsed.error.issues, engineSchema).map((objection) => ({
    ...objection,
    place: { source: file, position: yaml.locate(objection.path) },
  }));
  return { ...NO_PROFILE, problems };
}
