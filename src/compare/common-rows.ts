import type { RowOutcome } from "../judge/outcome.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import { type RunState, readingOf } from "../runfolder/state/run-state.ts";
import type { Order } from "../types.ts";
import type { VariantRun } from "./variant-run.ts";

/** Lists the rows, in the order of the file, that every contestant has answered. */
export function commonRows(total: number, contestants: readonly Pick<VariantRun, "answered">[]): Uint32Array {
  const rows = Array.from({ length: total }, (_, row) => row);
  return Uint32Array.from(rows.filter((row) => contestants.every(({ answered }) => answered(row))));
}

/** Takes some rows of a contestant as columns. */
export function takeColumns(
  {
    folder,
    publisher,
  }: { readonly folder: { readonly state: RunState }; readonly publisher: Pick<VariantRun["publisher"], "outcome"> },
  rows: Uint32Array,
  ids: readonly string[],
): RunRows {
  const { state } = folder;
  const outcomes: readonly RowOutcome[] = Array.from(rows, (row) => publisher.outcome(row));
  const first = (row: number): Order => (readingOf(state, row, "ab") === null ? "ba" : "ab");
  const cutTokens = rows.map((row) => state.orders[first(row)].cutTokens[row] ?? 0);
  return {
    ids: Array.from(rows, (row) => ids[row] ?? ""),
    probabilities: Float64Array.from(outcomes.flatMap(({ probabilities }) => probabilities)),
    obtained: outcomes.map(({ obtained }) => obtained),
    reasons: outcomes.map(({ reason }) => reason),
    readings: { ab: logProbsOf(state, rows, "ab"), ba: logProbsOf(state, rows, "ba") },
    mass: Float64Array.from(rows, (row) => readingOf(state, row, first(row))?.mass ?? Number.NaN),
    tokens: rows.map((row) => (state.orders.ab.tokens[row] ?? 0) + (state.orders.ba.tokens[row] ?? 0)),
    cutTokens,
    fullTokens: rows.map((row, place) => (state.orders[first(row)].tokens[row] ?? 0) + (cutTokens[place] ?? 0)),
  };
}

function logProbsOf(state: RunState, rows: Uint32Array, order: Order): Float64Array {
  return Float64Array.from(Array.from(rows).flatMap((row) => readingOf(state, row, order)?.logProbs ?? UNREAD));
}

const UNREAD = [Number.NaN, Number.NaN, Number.NaN] as const;
