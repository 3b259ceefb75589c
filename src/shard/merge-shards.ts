import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { type RowRecord, readRows } from "../runfolder/rows-file.ts";
import type { FoundShard } from "./find-shards.ts";
import type { ShardMap } from "./map-shards.ts";

/**
 * Gives the records of all rows in the order of the input: each shard holds its rows in that order, so the next record of a row's
 * shard is the record of the row. Only one record of each shard is in memory. `absent` gives the records of the rows of missing
 * shards. Throws AbtieError("data") when a shard has fewer or more records than rows.
 */
export async function* mergeShards(
  { shards: shardOfRow }: ShardMap,
  shards: readonly FoundShard[],
  absent: (row: number) => RowRecord,
): AsyncGenerator<RowRecord> {
  const readers = new Map(shards.map(({ path, shard }) => [shard.index, readRows(join(path, "rows.jsonl"))]));
  try {
    for (const [row, index] of shardOfRow.entries()) {
      const reader = readers.get(index);
      if (reader === undefined) {
        yield absent(row);
        continue;
      }
      const next = await reader.next();
      if (next.done === true) throw otherRows(shards, index, "fewer");
      yield next.value;
    }
    for (const [index, reader] of readers)
      if ((await reader.next()).done !== true) throw otherRows(shards, index, "more");
  } finally {
    for (const reader of readers.values()) await reader.return(undefined);
  }
}

function otherRows(shards: readonly FoundShard[], index: number, how: "fewer" | "more"): AbtieError {
  const path = shards.find(({ shard }) => shard.index === index)?.path ?? "";
  return new AbtieError(
    "data",
    `${join(path, "rows.jsonl")} has ${how} rows than the shard. The file was damaged or edited: run the shard again to write it anew`,
  );
}
