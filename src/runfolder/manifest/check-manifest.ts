import { isAbsolute, join } from "node:path";
import { allEnded } from "../../all-ended.ts";
import type { AttachConfig, Config, SpawnConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import type { Effects } from "../../effects.ts";
import { AbtieError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import { exists, mayExist } from "../../files/exists.ts";
import { sha256, sha256OfFile } from "../../files/hash.ts";
import { weightsHash } from "../../files/weights-hash.ts";
import type { Template } from "../../prompt/template/template.ts";
import { readJournal } from "../journal/read.ts";
import { compareManifests, type Difference } from "./compare-manifests.ts";
import { type Json, MANIFEST_FORMAT, type Manifest, readManifest, writeManifest } from "./manifest.ts";
import { modelFilesOf } from "./model-files.ts";

/**
 * For each key of a config, whether it changes answers. The other keys may differ between two sessions of a run: paths
 * of files, requests in flight, time limits, and settings of values that are computed again from the recorded readings
 * whenever results are written.
 */
const CHANGES_ANSWERS: Readonly<Record<keyof Config, boolean>> = {
  file: false,
  input: false,
  output: false,
  outputForm: false,
  runFolder: false,
  columns: true, // Those of the texts; see COLUMNS_CHANGE_ANSWERS.
  truth: false,
  engine: true,
  template: false,
  labels: true,
  // The template and the labels decide them.
  classes: false,
  context: true,
  cut: true,
  appendEos: true,
  date: true,
  orders: false,
  concurrency: false,
  promptsPerRequest: false,
  requestTimeoutMs: false,
  attempts: false,
  limit: true,
  shard: true,
  seed: false,
  time: false,
  prior: false,
  clip: false,
  mass: false,
  calibration: false,
  // The second judge has a run folder with a manifest of its own.
  escalation: false,
};

/** For each column, whether it changes answers: the judge sees no label. */
const COLUMNS_CHANGE_ANSWERS: Readonly<Record<keyof Config["columns"], boolean>> = {
  id: true,
  prompt: true,
  responseA: true,
  responseB: true,
  labels: false,
  votes: false,
  label: false,
  codes: false,
};

/**
 * For each key of the engine, whether it changes answers. The key and the secret parts of the addresses are not written into the
 * manifest, and the values of variables and secret arguments stand there as "[secret]".
 */
const ENGINE_CHANGES_ANSWERS: Readonly<
  Record<Exclude<keyof SpawnConfig | keyof AttachConfig, "apiKey" | "access">, boolean>
> = {
  kind: false,
  name: false,
  tokenizer: true,
  chatTemplateKwargs: true,
  maxModelLen: true,
  concurrency: false,
  promptsPerRequest: false,
  method: true,
  classes: true,
  command: false,
  args: true,
  env: false,
  model: true,
  port: false,
  replicas: false,
  gpusPerReplica: false,
  readyMs: false,
  stopGraceMs: false,
  keep: false,
  urls: false,
};

const HARMLESS: readonly string[] = [
  "versions.abtie",
  ...harmlessKeys(CHANGES_ANSWERS).map((key) => `config.${key}`),
  ...harmlessKeys(COLUMNS_CHANGE_ANSWERS).map((key) => `config.columns.${key}`),
  ...harmlessKeys(ENGINE_CHANGES_ANSWERS).map((key) => `config.engine.${key}`),
];

function harmlessKeys(changesAnswers: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.keys(changesAnswers).filter((key) => !changesAnswers[key]);
}

/** The properties that identify a run, and the treatment of a folder that contains another run. */
export interface RunIdentity {
  readonly config: Config;
  readonly dataset: Dataset;
  readonly template: Template;
  /** Version of abtie. */
  readonly version: string;
  /** True to continue although a property that changes answers is different now. */
  readonly force: boolean;
  /** True to begin again and ignore the contents of the folder. */
  readonly fresh: boolean;
  readonly effects: Effects;
}

/**
 * Compares the manifest in the folder of a run with the manifest that the run would have now, and writes the manifest
 * of a new run. A run with other settings that has no answer gives way, with its journal. Throws AbtieError("config")
 * with every difference that changes answers, unless `force` is true.
 */
export async function checkManifest(options: RunIdentity): Promise<void> {
  const { config, effects } = options;
  const path = join(config.runFolder, "manifest.json");
  const { now, before, differences, gaveWay } = await refuseOtherRun(options);
  if (gaveWay) await effects.disk.rm(join(config.runFolder, JOURNAL), { force: true });
  if (before === null) return writeManifest(path, now, effects.disk);
  const serious = differences.filter(({ changesAnswers }) => changesAnswers);
  for (const { path, text, changesAnswers } of differences) {
    // The manifest of an earlier version of abtie may have the values of variables.
    if (!changesAnswers && !path.startsWith("config.engine.env.")) effects.log("info", `changed: ${text}`);
  }
  for (const { text } of serious) effects.log("warn", `continuing although ${text}`);
  // The report and other commands read the settings for computed values, such as clipping, from the manifest, so it
  // must have their present values. The weights become known where they were not.
  const learnsWeights = before.hashes["weights"] !== now.hashes["weights"];
  if (differences.length > 0 || learnsWeights) await writeManifest(path, now, effects.disk);
}

/** How the run of a folder and this run go together. */
interface Comparison {
  /** The manifest of this run. */
  readonly now: Manifest;
  /** The one in the folder; null when the run begins anew. */
  readonly before: Manifest | null;
  /** How they differ. */
  readonly differences: readonly Difference[];
  /** True when the folder holds a run with other settings that has no answer, so that this run may take its place. */
  readonly gaveWay: boolean;
}

/**
 * Throws AbtieError("config") when the folder holds answers that would not be comparable with new ones, unless `force` is
 * true. Writes nothing.
 */
export async function refuseOtherRun(options: RunIdentity): Promise<Comparison> {
  const { config, force, fresh, effects } = options;
  const { disk } = effects;
  const { sha256: data, ids } = options.dataset;
  const rows = { data, ids: sha256(ids.join("\n")), count: ids.length };
  const found = await createManifest({ ...options, rows });
  const old = fresh ? null : await readManifest(join(config.runFolder, "manifest.json"), disk);
  if (old === null) return { now: found, before: null, differences: [], gaveWay: false };
  // What is known of the weights stays known where they cannot be read.
  const hashes = { ...found.hashes, ...knownWeights(old), ...knownWeights(found) };
  const now = { ...found, createdAt: old.createdAt, model: old.model, hashes };
  const differences = compareManifests(old, now, HARMLESS);
  const serious = differences.filter(({ changesAnswers }) => changesAnswers);
  if (serious.length === 0 || force) return { now, before: old, differences, gaveWay: false };
  if (!(await hasAnswers(join(config.runFolder, JOURNAL), disk))) {
    return { now: found, before: null, differences: [], gaveWay: true };
  }
  throw new AbtieError(
    "config",
    `${config.runFolder} holds answers of a run with other settings, and new answers would not be comparable with them: ` +
      "choose another run folder (--run), begin again (--fresh), or continue all the same (--force)",
    { details: serious.map(({ text }) => text) },
  );
}

function knownWeights({ hashes: { weights } }: Manifest): Readonly<Record<string, string>> {
  return weights === undefined ? {} : { weights };
}

const JOURNAL = "journal.jsonl";

/** Decides whether a journal holds an answer; false when there is no journal. */
export async function hasAnswers(path: string, disk: Disk): Promise<boolean> {
  if (!(await mayExist(path, disk))) return false;
  for await (const { event } of readJournal(path, disk)) if (event.event === "row") return true;
  return false;
}

/** Describes the differences of two manifests that change answers. */
export function seriousDifferences(old: Manifest, now: Manifest): readonly string[] {
  return compareManifests(old, now, HARMLESS).flatMap(({ changesAnswers, text }) => (changesAnswers ? [text] : []));
}

/** Makes the manifest of a run that has no model yet. */
export async function createManifest(options: {
  readonly config: Config;
  /** SHA-256 of the file and of the ids of the run, which are joined by newlines, and their number. */
  readonly rows: { readonly data: string; readonly ids: string; readonly count: number };
  readonly template: Pick<Template, "sha256" | "labels">;
  readonly version: string;
  readonly effects: Pick<Effects, "clock" | "nodeVersion">;
}): Promise<Manifest> {
  const { config, rows, template, version, effects } = options;
  const entries = Object.entries(config.engine).filter(([key]) => key !== "apiKey" && key !== "access");
  const engine = Object.fromEntries(entries);
  return {
    format: MANIFEST_FORMAT,
    createdAt: new Date(effects.clock.now()).toISOString(),
    versions: { abtie: version, node: effects.nodeVersion },
    config: JSON.parse(JSON.stringify({ ...config, engine, escalation: escalationOf(config) })) as Json,
    hashes: {
      data: rows.data,
      ids: rows.ids,
      template: template.sha256,
      ...(await modelHashes(config)),
    },
    rows: rows.count,
    labels: template.labels as unknown as Json,
    method: config.engine.method,
    // Known when an engine is ready, see `checkModel`.
    model: null,
  };
}

/** The second judge has a manifest of its own: this one names it. */
function escalationOf({ escalation }: Config): Json {
  return escalation === null ? null : { names: escalation.names, combination: escalation.combination };
}

/** Computes the hashes of the small files of a model, and of samples of its weights when abtie starts the server. */
async function modelHashes(config: Config): Promise<Readonly<Record<string, string>>> {
  const files = modelFilesOf(config).filter(isAbsolute);
  const hashed = await allEnded(
    files.map(async (file) => [file, (await exists(file)) ? await sha256OfFile(file) : "missing"] as const),
  );
  const { engine } = config;
  const weights = engine.kind === "spawn" && isAbsolute(engine.model) ? await weightsHash(engine.model) : null;
  return {
    ...Object.fromEntries(hashed.map(([file, hash]) => [file.split("/").slice(-2).join("/"), hash])),
    ...(weights === null ? {} : { weights }),
  };
}
