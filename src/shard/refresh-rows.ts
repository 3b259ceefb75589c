import { join } from "node:path";
import type { Disk } from "../files/disk.ts";
import { answersOf } from "../job/answers.ts";
import { recordsOf } from "../job/records.ts";
import { type Aggregate, outcomeOf } from "../judge/outcome.ts";
import { readRows, writeRows } from "../runfolder/rows-file.ts";
import { resumeRun } from "../runfolder/state/resume.ts";
import type { Classes, PerClass } from "../types.ts";
import type { FoundShard } from "./find-shards.ts";

interface RefreshOptions {
  readonly aggregate: Aggregate;
  readonly prior: PerClass;
  readonly classes: Classes;
  readonly disk: Disk;
}

/**
 * Writes rows.jsonl of a shard anew from its journal: a shard that was killed has answers in the journal that rows.jsonl lacks. The
 * probabilities are those of this moment's config, so that a calibration is applied to all shards alike. The caller holds the lock
 * of the shard. Throws AbtieError("data") when one of the files is damaged.
 */
export async function refreshRows({ path, manifest }: FoundShard, options: RefreshOptions): Promise<void> {
  const { aggregate, prior, classes, disk } = options;
  const file = join(path, "rows.jsonl");
  const ids: string[] = [];
  const sides: ("a" | "b")[] = [];
  for await (const { id, chosen } of readRows(file)) {
    ids.push(id);
    if (chosen !== undefined) sides.push(chosen);
  }
  const state = await resumeRun(join(path, "journal.jsonl"), manifest.rows, classes, disk);
  const chosen = sides.length === 0 ? null : sides;
  await writeRows(
    file,
    recordsOf({ ids, state, second: null, chosen }, (row) => outcomeOf(answersOf(state, row), aggregate, prior)),
    disk,
  );
}
