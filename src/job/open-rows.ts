import type { Config } from "../config/config.ts";
import { type Dataset, openDataset } from "../dataset/open-dataset.ts";
import { shardOf } from "../dataset/shard.ts";
import type { Log } from "../types.ts";

/**
 * Opens the rows of a config, and logs what was assumed about their columns. The label columns may be
 * missing. `select` keeps only some rows, instead of those of the config's shard.
 */
export async function openRows(
  config: Pick<Config, "input" | "columns" | "truth" | "limit" | "shard">,
  signal: AbortSignal,
  log: Log | null = null,
  select: ((id: string) => boolean) | null = null,
): Promise<Dataset> {
  const { shard } = config;
  const dataset = await openDataset(config.input, {
    columns: config.columns,
    truth: config.truth,
    // A signal that was aborted before the start ends the job as later: with a complete file of all rows.
    ...(signal.aborted ? {} : { signal }),
    ...(config.limit === null ? {} : { limit: config.limit }),
    ...(shard === null ? {} : { select: (id) => shardOf(id, shard.count) === shard.index }),
    ...(select === null ? {} : { select }),
  });
  for (const note of dataset.notes) log?.("info", `${config.input}: ${note}`);
  for (const { finding, remedy } of dataset.slips) log?.("warn", `${config.input}: ${finding}; ${remedy}`);
  return dataset;
}
