import { createHash } from "node:crypto";

/**
 * Gives the shard of a row, from 1 to `count`, by a hash of its id: neither the order of the rows nor what else the file holds
 * changes it, and equal ids fall into one shard, where they are found.
 */
export function shardOf(id: string, count: number): number {
  const digest = createHash("sha256").update(`abtie shard\0${id}`, "utf8").digest();
  return Number(digest.readBigUInt64BE(0) % BigInt(count)) + 1;
}
