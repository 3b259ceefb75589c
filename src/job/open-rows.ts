import type { Config } from "../config/config.ts";
import { type Columns, DEFAULT_COLUMNS } from "../dataset/columns.ts";
import { type Dataset, openDataset } from "../dataset/open-dataset.ts";

/**
 * Opens the rows of a config. The label columns may be missing, unless the config gives them other names than the usual ones.
 */
export function openRows(
  config: Pick<Config, "input" | "columns" | "truth" | "limit">,
  signal: AbortSignal,
): Promise<Dataset> {
  const { labels, ...others } = config.columns;
  const renamed = labels.some((name, k) => name !== DEFAULT_COLUMNS.labels[k]);
  const columns: Partial<Columns> = renamed ? { ...others, labels } : others;
  return openDataset(config.input, {
    columns,
    truth: config.truth,
    signal,
    ...(config.limit === null ? {} : { limit: config.limit }),
  });
}
