import { join } from "node:path";
import { allEnded } from "../all-ended.ts";
import { shardFolder } from "../config/shard.ts";
import { AbtieError } from "../errors.ts";
import type { Disk } from "../files/disk.ts";
import { exists } from "../files/exists.ts";
import { plural } from "../format.ts";
import { type Manifest, readManifest } from "../runfolder/manifest/manifest.ts";
import { type FolderOfShard, listShardFolders } from "../runfolder/shard-folders.ts";

/** A shard that has begun, with the facts about its run. */
export interface FoundShard extends FolderOfShard {
  readonly manifest: Manifest;
}

/** All shards of a job. */
export interface FoundShards {
  /** Number of shards into which the rows are divided. */
  readonly count: number;
  /** The shards that have begun, by index. */
  readonly shards: readonly FoundShard[];
  /** The indexes of the others. */
  readonly missing: readonly number[];
}

/**
 * Finds the shards in the run folder of a job. `count` chooses a division when the folder holds several. Throws
 * AbtieError("data") when there is no shard, or several divisions and no `count`.
 */
export async function findShards(jobFolder: string, count: number | null, disk: Disk): Promise<FoundShards> {
  const folders = await listShardFolders(jobFolder, disk);
  const counts = [...new Set(folders.map(({ shard }) => shard.count))];
  const [only] = count === null ? counts : counts.filter((found) => found === count);
  if (only === undefined) throw noShard(jobFolder, count, counts);
  if (count === null && counts.length > 1) {
    throw new AbtieError(
      "data",
      `${jobFolder} holds shards of ${counts.length} divisions: of ${counts.join(", of ")}. Name the one to join (--of ${only})`,
    );
  }
  const of = folders.filter(({ shard }) => shard.count === only);
  const found = await allEnded(of.map((folder) => openShard(folder, disk)));
  const shards = found.filter((shard) => shard !== null);
  const begun = new Set(shards.map(({ shard }) => shard.index));
  const missing = Array.from({ length: only }, (_, k) => k + 1).filter((index) => !begun.has(index));
  return { count: only, shards, missing };
}

/** A shard has begun when its rows are known: rows.jsonl holds all of them from the first moment on. */
async function openShard(folder: FolderOfShard, disk: Disk): Promise<FoundShard | null> {
  const manifest = await readManifest(join(folder.path, "manifest.json"), disk);
  if (manifest === null || !(await exists(join(folder.path, "rows.jsonl"), disk))) return null;
  return { ...folder, manifest };
}

function noShard(jobFolder: string, count: number | null, counts: readonly number[]): AbtieError {
  const found = counts.length === 0 ? "no run folder of a shard" : `shards of ${counts.join(" and of ")}`;
  const wanted = count === null ? shardFolder({ index: 1, count: 8 }) : shardFolder({ index: 1, count });
  return new AbtieError(
    "data",
    `${jobFolder} holds ${found}; expected folders such as ${wanted}. Run each shard first: abtie run JOB --shard 1/${count ?? 8}`,
  );
}

/** Throws AbtieError("data") that names the shards that have not begun. */
export function refuseMissing({ count, missing }: FoundShards, jobFolder: string): void {
  if (missing.length === 0) return;
  const listed = missing.length > 20 ? [...missing.slice(0, 20), "..."] : missing;
  throw new AbtieError(
    "data",
    `${plural(missing.length, "shard")} of ${count} ${missing.length === 1 ? "is" : "are"} missing in ${jobFolder}: ${listed.join(", ")}. ` +
      "Run them, copy their folders here, or join without them (--partial): their rows then hold the fallback",
  );
}
