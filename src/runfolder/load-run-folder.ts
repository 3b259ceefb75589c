import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { allEnded } from "../all-ended.ts";
import { AbtieError } from "../errors.ts";
import { exists, meansMissing } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { parseJson } from "../files/json-lines.ts";
import { schemaProblems } from "../files/schema-problem.ts";
import { plural } from "../format.ts";
import { CLASSES } from "../types.ts";
import { type Manifest, readManifest } from "./manifest/manifest.ts";
import { type RunRows, readRunRows } from "./rows-file.ts";

/** A run as its folder contains it, for commands that only read it. */
export interface LoadedRun {
  readonly folder: string;
  readonly journalFile: string;
  readonly manifest: Manifest;
  /** The parts of the run's config that are needed to interpret its answers. */
  readonly config: RunConfig;
  readonly rows: RunRows;
  /** The result of the run's last session; null when that session was killed. */
  readonly summary: RunEnding | null;
}

const RunConfig = z.object({
  file: z.string().nullish(),
  input: z.string(),
  output: z.string().nullish(),
  columns: z.object({
    id: z.string(),
    prompt: z.string(),
    responseA: z.string(),
    responseB: z.string(),
    labels: z.tuple([z.string(), z.string(), z.string()]),
    votes: z.string(),
    // Run folders of version 0.2.0 and older lack these keys.
    label: z.string().nullable().default(null),
    codes: z.record(z.string(), z.enum(CLASSES)).nullable().default(null),
  }),
  truth: z.enum(["labels", "votes"]),
  template: z.string(),
  // The judge of a run folder of version 0.2.0 or older knows a tie.
  classes: z
    .union([z.tuple([z.literal("a"), z.literal("b")]), z.tuple([z.literal("a"), z.literal("b"), z.literal("tie")])])
    .readonly()
    .default(CLASSES),
  limit: z.int().nullable(),
  // Run folders of version 0.2.0 and older lack this key.
  shard: z.object({ index: z.int(), count: z.int() }).nullable().default(null),
  seed: z.int(),
  orders: z.string(),
  mass: z.object({ minimum: z.number(), action: z.string() }),
  clip: z.tuple([z.number(), z.number()]),
  calibration: z.string().nullable(),
  engine: z.object({
    /** "spawn" for an engine that abtie started. */
    kind: z.string().optional(),
    name: z.string(),
    model: z.string().nullable(),
    tokenizer: z.string().nullable(),
  }),
  // A run with one judge has none, nor have run folders of version 0.2.0 and older.
  escalation: z
    .object({ names: z.tuple([z.string(), z.string()]).readonly(), combination: z.string().nullable() })
    .nullable()
    .default(null),
  time: z.object({ deadline: z.string().nullable(), startedAt: z.string().nullable() }),
});
export type RunConfig = z.output<typeof RunConfig>;

const RunEnding = z.object({
  end: z.string(),
  engine: z.object({ name: z.string(), version: z.string().nullable(), method: z.string().nullable() }),
  // Only of a run with two judges.
  second: z.object({ combinationSha256: z.string().nullable() }).nullish(),
});
type RunEnding = z.output<typeof RunEnding>;

/**
 * Reads the folder of a finished or unfinished run. Throws AbtieError("data") when the folder contains no run or one of
 * its files is damaged.
 */
export async function loadRunFolder(folder: string): Promise<LoadedRun> {
  const loaded = await loadRunConfig(folder);
  return {
    ...loaded,
    journalFile: join(folder, "journal.jsonl"),
    rows: await readRunRows(join(folder, "rows.jsonl"), loaded.config.classes),
    summary: await readEnding(folder),
  };
}

/** Reads the manifest in the folder of a run alone. Throws AbtieError("data") when it is missing or damaged. */
export async function loadRunConfig(folder: string): Promise<Pick<LoadedRun, "folder" | "manifest" | "config">> {
  const manifest = await readManifest(join(folder, "manifest.json"));
  if (manifest === null) {
    throw new AbtieError(
      "data",
      `${folder} is not the folder of a run: expected manifest.json in it. ${await remedyFor(folder)}`,
    );
  }
  const config = RunConfig.safeParse(manifest.config);
  if (!config.success) {
    throw new AbtieError(
      "data",
      `${join(folder, "manifest.json")}: the config in it is not one of this version: read the run with the version of abtie that wrote it, or score the rows again`,
      {
        details: schemaProblems(config.error.issues),
      },
    );
  }
  return { folder, manifest, config: config.data };
}

/** The folder of a job with shards, or of a comparison, holds runs. */
async function remedyFor(folder: string): Promise<string> {
  const runs = await runsIn(folder);
  if (runs.length === 0) return "Give the folder that `abtie run` names at its end.";
  const listed = runs.length > MOST_NAMED ? [...runs.slice(0, MOST_NAMED), "..."] : runs;
  return `It holds ${plural(runs.length, "run")}: ${listed.join(", ")}. Name ${runs.length === 1 ? "that" : "one of them"}.`;
}

/** Lists the folders of runs in a folder, by name; none where there is no folder. */
export async function runsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(() => [])).toSorted();
  const held = await allEnded(names.map((name) => exists(join(folder, name, "manifest.json")).catch(() => false)));
  return names.filter((_, at) => held[at]);
}

/** Decides whether a folder is that of a run, or holds runs, so that there is something to read. */
export async function holdsRun(folder: string): Promise<boolean> {
  return (await exists(join(folder, "manifest.json"))) || (await runsIn(folder)).length > 0;
}

const MOST_NAMED = 8;

/** Reads how the last session of a run ended, or that the run was joined; null when no summary says it. */
export async function readEnding(folder: string): Promise<RunEnding | null> {
  // A run that was killed has no summary. The summary gives only a few fields for a person, so its absence is no error.
  const file = join(folder, "summary.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (meansMissing(error)) return "null";
    throw explainFileError("read", file, error);
  });
  return RunEnding.safeParse(parseJson(text)).data ?? null;
}
