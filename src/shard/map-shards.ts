import { createHash, type Hash } from "node:crypto";
import { shardOf } from "../dataset/shard.ts";

/** Which shard each row of a file belongs to, in the order of the file. */
export interface ShardMap {
  /** Number of rows. */
  readonly rows: number;
  /** The index of the shard of each row, from 1. */
  readonly shards: Uint32Array;
  /** Number of rows of each shard; the element k is of the shard with index k + 1. */
  readonly counts: readonly number[];
  /** SHA-256 of the ids of each shard, as in a manifest: joined by newlines, in the order of the file. */
  readonly idHashes: readonly string[];
  /** The same for all rows. */
  readonly idHash: string;
}

/** Builds the map row by row, in 4 bytes a row, so that the ids of all rows are never in memory at the same time. */
export function createShardMap(count: number): {
  /** Adds the next row, and returns the index of its shard. */
  readonly add: (id: string) => number;
  readonly finish: () => ShardMap;
} {
  const counts = Array.from({ length: count }, () => 0);
  const hashes: readonly Hash[] = counts.map(() => createHash("sha256"));
  let shards = new Uint32Array(1024);
  const whole = createHash("sha256");
  let rows = 0;
  return {
    add: (id) => {
      const index = shardOf(id, count);
      if (rows === shards.length) {
        const longer = new Uint32Array(2 * rows);
        longer.set(shards);
        shards = longer;
      }
      shards[rows] = index;
      whole.update(rows === 0 ? id : `\n${id}`, "utf8");
      rows += 1;
      const before = counts[index - 1] ?? 0;
      hashes[index - 1]?.update(before === 0 ? id : `\n${id}`, "utf8");
      counts[index - 1] = before + 1;
      return index;
    },
    finish: () => ({
      rows,
      shards: shards.subarray(0, rows),
      counts,
      idHashes: hashes.map((hash) => hash.digest("hex")),
      idHash: whole.digest("hex"),
    }),
  };
}
