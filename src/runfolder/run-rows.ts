import type { Readings } from "../calibrate/readings.ts";
import type { Obtained, Order } from "../types.ts";
import { type RowRecord, readRows } from "./rows.ts";

/** The rows of a run as columns, in the order of the run's input. */
export interface RunRows {
  readonly ids: readonly string[];
  /** As judged, three for each row: a, b, tie. The submission holds them clipped. */
  readonly probabilities: Float64Array;
  readonly obtained: readonly Obtained[];
  /** Why a row is not better than it is; null when there is nothing to say. */
  readonly reasons: readonly (string | null)[];
  /** Log probabilities (nats) by order, in the order shown; NaN where the row was not scored in it. */
  readonly readings: Readings;
  /** Label mass of the first reading; NaN where unknown. */
  readonly mass: Float64Array;
  /** Prompt tokens sent in all orders; 0 where the row was never sent. */
  readonly tokens: Uint32Array;
  /** Tokens taken out of the first reading's prompt to fit the budget. */
  readonly cutTokens: Uint32Array;
  /** Prompt tokens of the first reading had nothing been taken out; 0 where the row was never sent. */
  readonly fullTokens: Uint32Array;
}

/** Reads rows.jsonl into columns. Throws AbtieError("data") when the file cannot be read or a line is not a row. */
export async function readRunRows(path: string): Promise<RunRows> {
  const records: RowRecord[] = [];
  for await (const record of readRows(path)) records.push(record);
  const first = records.map(({ ab, ba }) => ab ?? ba);
  return {
    ids: records.map(({ id }) => id),
    probabilities: Float64Array.from(records.flatMap(({ probabilities }) => probabilities)),
    obtained: records.map(({ obtained }) => obtained),
    reasons: records.map(({ reason }) => reason),
    readings: { ab: logProbsOf(records, "ab"), ba: logProbsOf(records, "ba") },
    mass: Float64Array.from(first, (reading) => reading?.mass ?? Number.NaN),
    tokens: Uint32Array.from(records, ({ ab, ba }) => (ab?.tokens ?? 0) + (ba?.tokens ?? 0)),
    cutTokens: Uint32Array.from(first, (reading) => reading?.cutTokens ?? 0),
    fullTokens: Uint32Array.from(first, (reading) => (reading?.tokens ?? 0) + (reading?.cutTokens ?? 0)),
  };
}

function logProbsOf(records: readonly RowRecord[], order: Order): Float64Array {
  return Float64Array.from(records.flatMap((record) => record[order]?.logProbs ?? UNREAD));
}

const UNREAD = [Number.NaN, Number.NaN, Number.NaN] as const;
