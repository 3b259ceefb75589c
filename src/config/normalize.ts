import { basename, extname, join, resolve } from "node:path";
import { mapClasses, uniform } from "../classes.ts";
import { inputPath } from "../files/input-path.ts";
import { sum } from "../numbers/sums.ts";
import { Secret } from "../secrets/secret.ts";
import { partsOfUrl } from "../secrets/url.ts";
import type { Classes } from "../types.ts";
import { namedColumns } from "./columns.ts";
import type { AttachConfig, Config, EngineConfig, SpawnConfig } from "./config.ts";
import type { ParsedEngine } from "./engine-schema.ts";
import { outputFormOf, usualOutputName, writtenOutput } from "./output.ts";
import type { ParsedConfig } from "./schema.ts";
import { splitArguments } from "./secret-arguments.ts";
import { type Shard, shardFolder } from "./shard.ts";

/** The folders and programs of this machine that a config depends on. */
export interface Places {
  readonly cwd: string;
  /** Root of this package, which contains launch/ and prompts/. */
  readonly packageRoot: string;
  /** The folder that `abtie setup` fills. */
  readonly home: string;
  /** The Python interpreter of the vLLM that `abtie setup` installed. */
  readonly python: string;
  /** The variables of the process: OPENAI_API_KEY, and those of a scheduler. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the name of the usual run folder, so that two commands with one config do not share it; default "". */
  readonly runSuffix?: string;
  /** Finds the classes of a judge; null when its template cannot be read. */
  readonly findClasses: (judge: JudgeKeys) => Promise<Classes | null>;
}

const MINUTE = 60_000;
/**
 * Switches reasoning off in the chat templates that have a switch: enable_thinking of Qwen3, GLM and others, thinking of
 * DeepSeek and Granite. A prompt is answered by one token, so a think block would take the place of the answer.
 */
const NO_THINKING = { enable_thinking: false, thinking: false } as const;

/** The keys that decide between which classes the judge chooses. */
export type JudgeKeys = Pick<Config, "template" | "labels">;

/** Returns the template and the label texts of a parsed config. */
export function judgeKeysOf(written: ParsedConfig, base: string, places: Places): JudgeKeys {
  return { template: templatePath(written.template ?? "rules", base, places), labels: written.labels ?? null };
}

/** The run folder of a config that names none, relative to the folder of the config; null: a command without a config. */
export function usualRunFolder(file: string | null, suffix = ""): string {
  const name = file === null ? "run" : basename(file, extname(file));
  return join("runs", `${name}${suffix}`);
}

/** Turns a parsed config into the config that the program uses. `classes` are those of its judge. */
export function normalize(
  written: ParsedConfig,
  {
    engine,
    shard,
    classes,
  }: {
    readonly engine: ParsedEngine & { readonly name: string };
    readonly shard: Shard | null;
    readonly classes: Classes;
  },
  file: string | null,
  base: string,
  places: Places,
): Config {
  const path = (text: string): string => resolve(base, text);
  const jobFolder = path(written.run ?? usualRunFolder(file, places.runSuffix));
  const runFolder = shard === null ? jobFolder : join(jobFolder, shardFolder(shard));
  const output = writtenOutput(written);
  // The output of the config is that of all shards, which `abtie join` writes.
  const ownFile = shard === null ? output.file : undefined;
  const form = outputFormOf(output);
  // The usual output has a name of its own, which does not end in .gz.
  const outputForm = ownFile === undefined ? { ...form, gzip: false } : form;
  const time = written.time ?? {};
  const prior = written.prior ?? uniform(classes);
  const total = sum(prior);
  return {
    file,
    input: inputPath(base, written.input ?? ""),
    output: ownFile === undefined ? join(runFolder, usualOutputName(outputForm)) : path(ownFile),
    outputForm,
    runFolder,
    columns: namedColumns(written.columns ?? {}),
    truth: written.truth ?? "labels",
    engine: normalizeEngine(engine, base, places),
    ...judgeKeysOf(written, base, places),
    classes,
    context: written.context ?? null,
    cut: written.cut ?? "fair",
    appendEos: written.append_eos ?? false,
    date: written.date ?? null,
    orders: written.orders ?? "auto",
    concurrency: fixed(written.concurrency) ?? null,
    promptsPerRequest: fixed(written.prompts_per_request) ?? null,
    requestTimeoutMs: written.request_timeout ?? 10 * MINUTE,
    attempts: written.attempts ?? 8,
    limit: written.limit ?? null,
    shard,
    seed: written.seed ?? 0,
    time: {
      deadline: time.deadline ?? null,
      startedAt: time.started_at ?? null,
      reserveMs: time.reserve ?? null,
      onOverrun: time.on_overrun ?? "degrade",
      confidence: time.confidence ?? 0.99,
      shortContext: time.short_context ?? 512,
      ladder:
        time.ladder?.map(({ name, kind, context }) => ({ name: name ?? kind, kind, context: context ?? null })) ?? null,
    },
    prior: mapClasses(prior, (share) => share / total),
    clip: written.clip ?? [0.005, 0.99],
    mass: { minimum: written.mass?.minimum ?? 0.01, action: written.mass?.action ?? "warn" },
    calibration: written.calibration === undefined ? null : path(written.calibration),
    escalation: null,
  };
}

function normalizeEngine(engine: ParsedEngine & { readonly name: string }, base: string, places: Places): EngineConfig {
  return engine.kind === "attach" || engine.attach !== undefined
    ? normalizeAttach(engine, base, places)
    : normalizeSpawn(engine, base, places);
}

function normalizeAttach(engine: ParsedEngine & { readonly name: string }, base: string, places: Places): AttachConfig {
  const addresses = [engine.attach ?? "http://127.0.0.1:8000/v1"].flat().map(partsOfUrl);
  return {
    kind: "attach",
    name: engine.name,
    urls: addresses.map(({ shown }) => shown),
    access: addresses.map(({ shown: _shown, ...access }) => access),
    model: engine.model ?? null,
    tokenizer: typeof engine.tokenizer === "string" ? modelPath(engine.tokenizer, base, places) : null,
    ...requestsOf(engine),
    apiKey: keyOf(engine, places),
  };
}

function normalizeSpawn(engine: ParsedEngine & { readonly name: string }, base: string, places: Places): SpawnConfig {
  const model = modelPath(engine.model ?? "", base, places);
  const tokenizer = engine.tokenizer === false ? null : modelPath(engine.tokenizer ?? model, base, places);
  const python = engine.python === undefined ? places.python : modelPath(engine.python, base, places);
  const values = { python, model, home: places.home, launch: join(places.packageRoot, "launch") };
  const fill = (text: string): string =>
    Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(`{${name}}`, () => value), text);
  const command = engine.command ?? "{python}";
  const { args, env, apiKey } = splitArguments(command, [...(engine.args ?? []), ...(engine.extra_args ?? [])]);
  const variables = { ...engine.env, ...env };
  return {
    kind: "spawn",
    name: engine.name,
    command: fill(command),
    args: args.map((arg) => (typeof arg === "string" ? fill(arg) : arg)),
    env: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, new Secret(fill(value))])),
    model,
    tokenizer,
    port: engine.port ?? null,
    replicas: engine.replicas ?? 1,
    gpusPerReplica: engine.gpus_per_replica ?? 1,
    readyMs: engine.ready_limit ?? 15 * MINUTE,
    stopGraceMs: engine.stop_grace ?? 10_000,
    keep: engine.keep === undefined ? null : { ms: engine.keep, folder: keptFolder(places.home) },
    ...requestsOf(engine),
    // The server accepts only the key that it is started with.
    apiKey: apiKey ?? ownKeyOf(engine) ?? keyOf(engine, places),
  };
}

/** Locates the folder of the sockets of kept servers, in the folder that setup fills. */
export function keptFolder(home: string): string {
  return join(home, "kept");
}

/** The settings of the requests, which do not depend on who starts the server. */
function requestsOf(engine: ParsedEngine) {
  return {
    chatTemplateKwargs: { ...NO_THINKING, ...engine.chat_template_kwargs },
    maxModelLen: engine.max_model_len ?? null,
    concurrency: engine.concurrency ?? null,
    promptsPerRequest: engine.prompts_per_request ?? null,
    method: engine.kind === "classify" ? ("classify" as const) : (engine.method ?? "auto"),
    classes: engine.classes ?? null,
  };
}

function ownKeyOf({ env }: ParsedEngine): Secret | null {
  const key = env?.["VLLM_API_KEY"];
  return key === undefined || key === "" ? null : new Secret(key);
}

function keyOf(engine: ParsedEngine, { env }: Places): Secret {
  return new Secret(env["OPENAI_API_KEY"] || engine.api_key || NO_KEY);
}

/** The key for a server without one: it accepts any key, but the header must not be empty. */
export const NO_KEY = "EMPTY";

/** A text that begins with ".", "/", "~" or {home} is a folder; any other text is the name of a model. */
function modelPath(text: string, base: string, places: Places): string {
  const filled = text.replaceAll("{home}", places.home);
  return /^(\.{1,2}\/|\/|~)/.test(filled) ? resolve(base, filled) : filled;
}

function templatePath(text: string, base: string, places: Places): string {
  return isTemplatePath(text) ? resolve(base, text) : join(places.packageRoot, "prompts", `${text}.jinja`);
}

/** Decides whether a template is given as a path; any other text names a shipped template. */
export function isTemplatePath(text: string): boolean {
  return text.includes("/") || text.endsWith(".jinja");
}

function fixed(value: number | "auto" | undefined): number | undefined {
  return value === "auto" ? undefined : value;
}
