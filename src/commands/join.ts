import { basename, join as joinPath } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { Config } from "../config/config.ts";
import { secretsOf } from "../config/secrets-of.ts";
import type { Shard } from "../config/shard.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { type OutputItem, writeOutput } from "../dataset/submission/write-submission.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { NamedFile } from "../files/refuse-overwrite.ts";
import { formatCount, plural } from "../format.ts";
import { filesOfRun } from "../job/job-files.ts";
import { openRows } from "../job/open-rows.ts";
import { packageVersion } from "../job/package-version.ts";
import { dateIn } from "../job/pin-date.ts";
import { createTally, type RowCounts } from "../job/tally.ts";
import { createAggregate, type VerdictOf } from "../judge/aggregate.ts";
import { loadTemplate } from "../prompt/template/template.ts";
import { isUsualOutput, namedFilesOf } from "../runfolder/file-names.ts";
import { createManifest } from "../runfolder/manifest/check-manifest.ts";
import { writeManifest } from "../runfolder/manifest/manifest.ts";
import { createOwnership, refuseForeignOutput } from "../runfolder/ownership.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { type RowRecord, readRows, writeRows } from "../runfolder/rows-file.ts";
import { withRunLocks } from "../runfolder/run-locks.ts";
import { checkShards } from "../shard/check-shards.ts";
import { type FoundShard, type FoundShards, findShards, refuseMissing } from "../shard/find-shards.ts";
import { createShardMap, type ShardMap } from "../shard/map-shards.ts";
import { mergeShards } from "../shard/merge-shards.ts";
import { refreshRows } from "../shard/refresh-rows.ts";

export interface JoinShardsOptions {
  /** The number of shards, when the run folder holds several divisions; null: the only one. */
  readonly of: number | null;
  /** Join although shards are missing: their rows hold the fallback. */
  readonly partial: boolean;
  /** Replace an output that no join of this job wrote. */
  readonly force: boolean;
}

/** The result of a join, as it is written to summary.json. */
export interface JoinSummary extends RowCounts {
  readonly end: "joined";
  readonly files: { readonly submission: string; readonly runFolder: string; readonly rows: string };
  readonly shards: { readonly count: number; readonly missing: readonly number[] };
  readonly engine: { readonly name: string; readonly version: null; readonly method: string };
  /** The calibration that was applied to all shards; null for a plain softmax. */
  readonly calibration: { readonly file: string; readonly kind: string } | null;
}

/**
 * Makes one submission and one run folder, `joined` in that of the job, from the run folders of all shards. The config is that of
 * the shards; a calibration, prior, mass policy and clip are applied anew. Memory does not grow with the text of the rows: it
 * keeps 12 bytes a row, and one shard's state at a time. Throws AbtieError: config (shards of other settings, a config that was opened
 * with its shard), data (missing or
 * damaged shards, a shard that is running).
 */
export async function joinShards(written: Config, options: JoinShardsOptions, effects: Effects): Promise<JoinSummary> {
  if (written.shard !== null) throw namesShard(written.shard);
  const jobFolder = written.runFolder;
  const runFolder = joinPath(jobFolder, "joined");
  const output = isUsualOutput(written) ? joinPath(runFolder, basename(written.output)) : written.output;
  const config: Config = { ...written, runFolder, output };
  effects.redactor.add(secretsOf(config));
  return withRunLocks(effects, async ({ effects: locked, take }) => {
    const { reads, writes } = filesOfRun(config, { cwd: effects.cwd });
    await refuseOutputs({ reads, writes }, effects.disk);
    const found = await findShards(jobFolder, options.of, effects.disk);
    await refuseOutputs({ reads: found.shards.flatMap(filesOfShard), writes }, effects.disk);
    if (!options.partial) refuseMissing(found, jobFolder);
    if (!options.force) await refuseForeignOutput(config, effects.disk);
    await take(config);
    for (const { path } of found.shards) await take({ runFolder: path, output: joinPath(path, "submission.csv") });
    return joinLocked(config, found, locked);
  });
}

/** A config with a shard has the output of that shard, and no longer knows that of the job. */
function namesShard({ index, count }: Shard): AbtieError {
  return new AbtieError(
    "config",
    `the config is that of shard ${index}/${count}, whose output is in its own folder: open it without its shard, ` +
      'openConfig(path, [{ from: "join", set: {}, without: "shard" }], effects)',
  );
}

function filesOfShard({ path, shard: { index } }: FoundShard): readonly NamedFile[] {
  return namedFilesOf(path).map((file) => ({ ...file, role: `${basename(file.path)} of shard ${index}` }));
}

async function joinLocked(config: Config, found: FoundShards, effects: Effects): Promise<JoinSummary> {
  const { disk, log, signal } = effects;
  const { count, shards, missing } = found;
  const template = await loadTemplate(config.template, config.labels);
  const { aggregate, calibration, verdictOf } = await createAggregate(config, template, log);
  await using mapped = await mapRows(config, found, effects);
  const { map, dataset } = mapped;
  const version = await packageVersion();
  const dated: Config = { ...config, date: dateIn(shards[0]?.manifest.config) ?? config.date };
  const manifestOf = (part: Config, ids: string, size: number) =>
    createManifest({ config: part, rows: { data: dataset.sha256, ids, count: size }, template, version, effects });
  const expected = new Map(
    await allEnded(
      shards.map(async (shard) => {
        const { index } = shard.shard;
        const part = { ...dated, shard: shard.shard };
        return [index, await manifestOf(part, map.idHashes[index - 1] ?? "", map.counts[index - 1] ?? 0)] as const;
      }),
    ),
  );
  const model = checkShards(shards, ({ shard, manifest }) => expected.get(shard.index) ?? manifest);
  for (const [at, shard] of shards.entries()) {
    signal.throwIfAborted();
    effects.progress({ stage: "step", name: "reading", text: `shard ${at + 1} of ${shards.length}` });
    await refreshRows(shard, { aggregate, prior: config.prior, classes: config.classes, disk });
  }

  const rowsFile = joinPath(config.runFolder, "rows.jsonl");
  const whole = await manifestOf(dated, map.idHash, map.rows);
  await writeManifest(joinPath(config.runFolder, "manifest.json"), { ...whole, model }, disk);
  const tally = createTally(map.rows);
  const merged = mergeShards(map, shards, (row) => fallbackRow(mapped.absentRow(row), config));
  await writeRows(rowsFile, watched(merged, tally.add, map.rows, effects), disk);
  await writeOutput(config.output, itemsIn(rowsFile, verdictOf), {
    columns: config.columns,
    classes: config.classes,
    clip: config.clip,
    form: config.outputForm,
    input: dataset,
    disk,
    ownership: createOwnership(config, disk),
  });
  const summary: JoinSummary = {
    end: "joined",
    files: { submission: config.output, runFolder: config.runFolder, rows: rowsFile },
    shards: { count, missing },
    engine: { name: config.engine.name, version: null, method: config.engine.method },
    calibration,
    ...tally.finish(),
  };
  // What happened when is in the journals of the shards; the report of a joined run shows no times.
  await writeAtomic(joinPath(config.runFolder, "journal.jsonl"), "", disk, "owner");
  await writeAtomic(joinPath(config.runFolder, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`, disk);
  return summary;
}

interface MappedRows extends AsyncDisposable {
  readonly map: ShardMap;
  /** The rows of the missing shards alone, or all rows when the output says more of each than its probabilities. */
  readonly dataset: Dataset;
  /** Gives what the input says of a row of a missing shard; called in the order of the file. */
  readonly absentRow: (row: number) => Pick<RowRecord, "id" | "chosen">;
}

/** Reads the input once, and keeps of a row only the shard to which it belongs, unless more is needed. */
async function mapRows(
  config: Config,
  { count, missing }: FoundShards,
  { signal, log }: Pick<Effects, "signal" | "log">,
): Promise<MappedRows> {
  const map = createShardMap(count);
  const absent = new Set(missing);
  const keepAll = config.outputForm.kind !== "submission";
  const dataset = await openRows(config, signal, log, (id) => absent.has(map.add(id)) || keepAll);
  let next = 0;
  return {
    map: map.finish(),
    dataset,
    absentRow: (row) => {
      const index = keepAll ? row : next;
      next += 1;
      const id = dataset.ids[index];
      if (id === undefined) throw new Error(`row ${row} of a missing shard has no id`);
      return { id, chosen: dataset.chosen?.[index] };
    },
    [Symbol.asyncDispose]: () => dataset[Symbol.asyncDispose](),
  };
}

/** The record of a row whose shard is missing. */
function fallbackRow({ id, chosen }: Pick<RowRecord, "id" | "chosen">, { prior }: Pick<Config, "prior">): RowRecord {
  const reason = "its shard is missing";
  return { id, probabilities: prior, obtained: "prior", reason, chosen, attempts: 0, ab: null, ba: null };
}

const SHOWN_EVERY = 1_000;

/** Hands on the records, counts them, shows how far they are, and stops when the command is interrupted. */
async function* watched(
  records: AsyncIterable<RowRecord>,
  add: (record: RowRecord) => void,
  total: number,
  { signal, progress }: Pick<Effects, "signal" | "progress">,
): AsyncGenerator<RowRecord> {
  let done = 0;
  for await (const record of records) {
    add(record);
    done += 1;
    if (done % SHOWN_EVERY === 0) {
      signal.throwIfAborted();
      progress({ stage: "step", name: "joining", text: `${formatCount(done)} of ${plural(total, "row")}` });
    }
    yield record;
  }
}

async function* itemsIn(rowsFile: string, verdictOf: VerdictOf | null): AsyncGenerator<OutputItem> {
  for await (const { id, probabilities, obtained, reason, ab, ba } of readRows(rowsFile)) {
    const judged = { probabilities, obtained, reason };
    yield { id, ...judged, mass: (ab ?? ba)?.mass ?? null, verdict: verdictOf?.(judged) ?? null };
  }
}
