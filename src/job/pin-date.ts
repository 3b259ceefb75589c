import { dirname, join } from "node:path";
import type { Config, DatedConfig } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Disk } from "../files/disk.ts";
import { dayOf } from "../prompt/tokenizer/strftime.ts";
import { readManifest } from "../runfolder/manifest/manifest.ts";
import { listShardFolders } from "../runfolder/shard-folders.ts";

/**
 * Gives a config the day that the model's chat template prints: the day of the config, or the day with which a run
 * folder began (the first of `folders` that has one), or with which another shard of the job began, or today (UTC). So a run that
 * is continued on another day, and a shard that begins on another day, send the same prompts. Throws AbtieError("data") for a
 * damaged manifest.
 */
export async function pinDate(
  config: Config,
  folders: readonly string[],
  { clock, disk }: Pick<Effects, "clock" | "disk">,
): Promise<DatedConfig> {
  if (config.date !== null) return { ...config, date: config.date };
  for (const folder of [...folders, ...(await siblingsOf(config, disk))]) {
    const date = dateIn((await readManifest(join(folder, "manifest.json"), disk))?.config);
    if (date !== null) return { ...config, date };
  }
  return { ...config, date: dayOf(clock.now()) };
}

/** Names the run folders of all shards of a job; empty for a job without shards. */
async function siblingsOf({ shard, runFolder }: Config, disk: Disk): Promise<readonly string[]> {
  return shard === null ? [] : (await listShardFolders(dirname(runFolder), disk)).map(({ path }) => path);
}

/** Gives the day in the config of a manifest; null when there is none. */
export function dateIn(config: unknown): string | null {
  if (typeof config !== "object" || config === null || !("date" in config)) return null;
  return typeof config.date === "string" ? config.date : null;
}
