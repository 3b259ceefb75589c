import { AbtieError } from "../errors.ts";
import { openRows } from "../job/open-rows.ts";
import { DEFAULT_COLUMNS } from "../types.ts";
import type { Subject } from "./subject.ts";

/** Reads from the input of a run which rows share a prompt; null when it is gone or holds other rows now. */
export async function groupsOfInput({ run, ids }: Subject, signal: AbortSignal): Promise<Uint32Array | null> {
  if (run === null) return null;
  const { input, columns } = run.config;
  const unlabelled = { ...columns, labels: DEFAULT_COLUMNS.labels, label: null, codes: null };
  const settings = { input, columns: unlabelled, truth: "labels" as const, limit: null, shard: null };
  try {
    await using dataset = await openRows(settings, signal);
    const groupOf = new Map(dataset.ids.map((id, index) => [id, dataset.groups[index] as number]));
    return ids.every((id) => groupOf.has(id)) ? Uint32Array.from(ids, (id) => groupOf.get(id) as number) : null;
  } catch (error) {
    if (error instanceof AbtieError && error.code === "data") return null;
    throw error;
  }
}
