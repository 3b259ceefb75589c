import { join } from "node:path";
import { readShard, type Shard, shardFolder } from "../config/shard.ts";
import type { Disk } from "../files/disk.ts";
import { meansMissing } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";

/** The run folder of one shard. */
export interface FolderOfShard {
  readonly path: string;
  readonly shard: Shard;
}

/**
 * Lists the run folders of shards in the run folder of a job, by number of shards and then by index; empty when the folder does
 * not exist. Throws AbtieError("data") when it cannot be read.
 */
export async function listShardFolders(jobFolder: string, disk: Disk): Promise<readonly FolderOfShard[]> {
  const names = await disk.readdir(jobFolder).catch((error: unknown) => {
    if (meansMissing(error)) return [];
    throw explainFileError("read", jobFolder, error);
  });
  return names
    .flatMap((name) => {
      const shard = shardOfFolder(name);
      return shard === null ? [] : [{ path: join(jobFolder, name), shard }];
    })
    .toSorted((one, other) => one.shard.count - other.shard.count || one.shard.index - other.shard.index);
}

function shardOfFolder(name: string): Shard | null {
  const [, index, count] = /^shard-(\d+)-of-(\d+)$/.exec(name) ?? [];
  const setting = readShard(`${index}/${count}`, {});
  return setting.ok && shardFolder(setting.shard) === name ? setting.shard : null;
}
