import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import type { Effects } from "../../effects.ts";
import { AbtieError } from "../../errors.ts";
import { sha256, sha256OfFile } from "../../files/hash.ts";
import type { Template } from "../../prompt/template/template.ts";
import { compareManifests } from "./compare-manifests.ts";
import { type Json, MANIFEST_FORMAT, type Manifest, readManifest, writeManifest } from "./manifest.ts";

/**
 * Parts of a manifest that may differ between two sessions of a run: where things are, how fast they are asked for, when
 * to end, and what is computed anew from the recorded readings at every publishing.
 */
const HARMLESS = [
  "versions.abtie",
  ...["file", "input", "output", "runFolder", "template", "truth", "orders", "concurrency", "promptsPerRequest"],
  ...["requestTimeoutMs", "attempts", "seed", "time", "prior", "clip", "mass", "calibration"],
  ...[
    "name",
    "urls",
    "port",
    "replicas",
    "gpusPerReplica",
    "readyMs",
    "stopGraceMs",
    "command",
    "env",
    "kind",
    "concurrency",
    "promptsPerRequest",
  ].map((key) => `engine.${key}`),
].map((key) => (key.includes("versions.") ? key : `config.${key}`));

/** What makes a run the one that it is, and what to do when its folder holds another. */
export interface RunIdentity {
  readonly config: Config;
  readonly dataset: Dataset;
  readonly template: Template;
  /** Version of abtie. */
  readonly version: string;
  /** Continue although what the answers depend on has changed. */
  readonly force: boolean;
  /** Forget what the folder holds. */
  readonly fresh: boolean;
  readonly effects: Effects;
}

/**
 * Compares what a run would be started with now with what its folder says, and writes the manifest of a new run.
 * Throws AbtieError("config") listing every difference that changes answers, unless `force` is given.
 */
export async function checkManifest(options: RunIdentity & { folder: string }): Promise<void> {
  const { folder, force, fresh, effects } = options;
  const path = join(folder, "manifest.json");
  const found = await manifestOf(options);
  const old = fresh ? null : await readManifest(path);
  if (old === null) return writeManifest(path, found);
  const now = { ...found, createdAt: old.createdAt };
  const differences = compareManifests(old, now, HARMLESS);
  const serious = differences.filter(({ changesAnswers }) => changesAnswers);
  for (const { text, changesAnswers } of differences) if (!changesAnswers) effects.log("info", `changed: ${text}`);
  if (serious.length > 0 && !force) {
    throw new AbtieError(
      "config",
      `${folder} was begun with something else, so its answers and new ones would not fit together: ` +
        "choose another run folder (--run), begin again (--fresh), or continue all the same (--force)",
      { details: serious.map(({ text }) => text) },
    );
  }
  for (const { text } of serious) effects.log("warn", `continuing although ${text}`);
  // What is computed from the readings (clipping, calibration) must be known to whoever reads the folder later.
  if (differences.length > 0) await writeManifest(path, now);
}

async function manifestOf(options: {
  config: Config;
  dataset: Dataset;
  template: Template;
  version: string;
  effects: Effects;
}): Promise<Manifest> {
  const { config, dataset, template, version, effects } = options;
  const { apiKey: _secret, ...engine } = config.engine;
  return {
    format: MANIFEST_FORMAT,
    createdAt: new Date(effects.clock.now()).toISOString(),
    versions: { abtie: version, node: effects.nodeVersion },
    config: { ...config, engine } as unknown as Json,
    hashes: {
      data: dataset.sha256,
      ids: sha256(dataset.ids.join("\n")),
      template: template.sha256,
      ...(await modelHashes(config)),
    },
    rows: dataset.ids.length,
    labels: template.labels as unknown as Json,
    method: config.engine.method,
  };
}

/** The small files of a model tell two models apart; its weights would take minutes to read. */
async function modelHashes({ engine }: Config): Promise<Readonly<Record<string, string>>> {
  const folders = [...new Set([engine.tokenizer, engine.kind === "spawn" ? engine.model : null])];
  const files = folders
    .filter((folder) => folder?.startsWith("/"))
    .flatMap((folder) => ["config.json", "tokenizer.json"].map((name) => join(folder ?? "", name)));
  const hashed = await Promise.all(
    files.map(async (file) => [file, await sha256OfFile(file).catch(() => "missing")] as const),
  );
  return Object.fromEntries(hashed.map(([file, hash]) => [file.split("/").slice(-2).join("/"), hash]));
}
